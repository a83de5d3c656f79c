#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace penstock::sqlite {

/// Whether a bound text or blob outlives the statement's run or has to be copied.
enum class Bound : std::uint8_t { Borrowed, Copied };

/// A prepared statement of one session. Poco's own statements are not used for it: they extract by column name, hide
/// the extended result code and stay open until they are destroyed. [one thread at a time]
class Statement {
public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Binds the values to ?1, ?2, … in order: integers, doubles, text, spans of bytes, anything with 16 `bytes`,
  /// optionals of these, and nullopt for NULL.
  template <typename... Values>
  void bind([[maybe_unused]] Bound bound, const Values&... values) {
    int index = 0;
    (bindOne(++index, bound, values), ...);
  }

  /// Runs to the next row; false when there is none. [throws: Fault]
  bool step();
  /// Ends the run, and with it the read snapshot it held.
  void reset() noexcept;

  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Good until the next step or reset.
  std::string_view text(int column) const;
  /// Good until the next step or reset.
  std::span<const std::uint8_t> bytes(int column) const;
  bool isNull(int column) const;

private:
  void bindInteger(int index, std::int64_t value);
  void bindReal(int index, double value);
  void bindText(int index, Bound bound, std::string_view value);
  void bindBytes(int index, Bound bound, std::span<const std::uint8_t> value);
  void bindNull(int index);

  template <typename Value>
  void bindOne(int index, [[maybe_unused]] Bound bound, const Value& value) {
    if constexpr (std::integral<Value>) {
      bindInteger(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::floating_point<Value>) {
      bindReal(index, value);
    } else if constexpr (std::convertible_to<Value, std::string_view>) {
      bindText(index, bound, value);
    } else if constexpr (requires { std::span<const std::uint8_t>(value.bytes); }) {
      bindBytes(index, bound, value.bytes);
    } else if constexpr (std::convertible_to<Value, std::span<const std::uint8_t>>) {
      bindBytes(index, bound, value);
    } else if constexpr (std::same_as<Value, std::nullopt_t>) {
      bindNull(index);
    } else {
      if (value) {
        bindOne(index, bound, *value);
      } else {
        bindNull(index);
      }
    }
  }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// The rows of one run; ends the run when destroyed.
class Rows {
public:
  explicit Rows(Statement& statement) : statement_(&statement) {}
  Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;
  ~Rows() {
    if (statement_ != nullptr) statement_->reset();
  }

  bool next() { return statement_->step(); }
  std::int64_t integer(int column) const { return statement_->integer(column); }
  double real(int column) const { return statement_->real(column); }
  std::string_view text(int column) const { return statement_->text(column); }
  std::span<const std::uint8_t> bytes(int column) const { return statement_->bytes(column); }
  bool isNull(int column) const { return statement_->isNull(column); }

private:
  Statement* statement_;
};

}  // namespace penstock::sqlite
