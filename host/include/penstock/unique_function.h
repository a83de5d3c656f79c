#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace penstock {

template <typename Signature>
class UniqueFunction;

/// A callable that is moved, not copied, so that it can own a responder. Targets up to 64 bytes live inside it.
/// Calling an empty one throws std::bad_function_call.
template <typename Result, typename... Arguments>
class UniqueFunction<Result(Arguments...)> {
public:
  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}

  template <typename Target>
  requires(!std::is_same_v<std::decay_t<Target>, UniqueFunction> &&
           std::is_invocable_r_v<Result, std::decay_t<Target>&, Arguments...>) UniqueFunction(Target&& target) {
    using Stored = std::decay_t<Target>;
    if constexpr (sizeof(Stored) <= kInline && alignof(Stored) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Stored>) {
      ::new (static_cast<void*>(storage_)) Stored(std::forward<Target>(target));
      operations_ = &kInPlace<Stored>;
    } else {
      ::new (static_cast<void*>(storage_))
          std::unique_ptr<Stored>(std::make_unique<Stored>(std::forward<Target>(target)));
      operations_ = &kOnHeap<Stored>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  UniqueFunction(const UniqueFunction&) = delete;
  UniqueFunction& operator=(const UniqueFunction&) = delete;
  ~UniqueFunction() { reset(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  Result operator()(Arguments... arguments) {
    if (operations_ == nullptr) throw std::bad_function_call();
    return operations_->call(storage_, std::forward<Arguments>(arguments)...);
  }

private:
  static constexpr std::size_t kInline = 64;

  struct Operations {
    Result (*call)(void*, Arguments&&...);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <typename Stored>
  static constexpr Operations kInPlace{[](void* self, Arguments&&... arguments) -> Result {
                                         return std::invoke(*static_cast<Stored*>(self),
                                                            std::forward<Arguments>(arguments)...);
                                       },
                                       [](void* from, void* to) noexcept {
                                         ::new (to) Stored(std::move(*static_cast<Stored*>(from)));
                                         static_cast<Stored*>(from)->~Stored();
                                       },
                                       [](void* self) noexcept { static_cast<Stored*>(self)->~Stored(); }};

  template <typename Stored>
  static constexpr Operations kOnHeap{
      [](void* self, Arguments&&... arguments) -> Result {
        return std::invoke(**static_cast<std::unique_ptr<Stored>*>(self), std::forward<Arguments>(arguments)...);
      },
      [](void* from, void* to) noexcept {
        auto* pointer = static_cast<std::unique_ptr<Stored>*>(from);
        ::new (to) std::unique_ptr<Stored>(std::move(*pointer));
        pointer->~unique_ptr();
      },
      [](void* self) noexcept { static_cast<std::unique_ptr<Stored>*>(self)->~unique_ptr(); }};

  void take(UniqueFunction& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void reset() noexcept {
    if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(storage_);
  }

  alignas(std::max_align_t) std::byte storage_[kInline];
  const Operations* operations_ = nullptr;
};

}  // namespace penstock
