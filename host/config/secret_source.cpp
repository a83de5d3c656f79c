#include "config/secret_source.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace penstock {
namespace {

constexpr std::size_t kLongestSecret = 64U << 10U;

SecretSource::Found readFile(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error) return {std::nullopt, "cannot be read: " + error.message()};
  if (!std::filesystem::is_regular_file(status)) return {std::nullopt, "is not a file"};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return {std::nullopt, std::string("cannot be read: ") + std::strerror(errno)};
  std::string text(kLongestSecret + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return {std::nullopt, std::string("cannot be read: ") + std::strerror(errno)};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLongestSecret) return {std::nullopt, "is larger than 64 KB"};
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return {std::nullopt, "is empty"};
  return {Secret(std::move(text)), {}};
}

}  // namespace

SecretSource::Found SecretSource::fetch(std::string_view way, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const std::string key = std::string(way) + ' ' + name;
  if (const auto known = fetched_.find(key); known != fetched_.end()) return {known->second, {}};
  Found found = read(way, name);
  if (found.secret) fetched_.emplace(key, *found.secret);
  return found;
}

SecretSource::Found SecretSource::read(std::string_view way, const std::string& name) const {
  if (name.empty()) return {std::nullopt, "names nothing"};
  if (way == "env") {
    const auto value = environment_ ? environment_(name) : std::nullopt;
    if (!value || value->empty()) return {std::nullopt, "the environment variable " + name + " is not set"};
    return {Secret(*value), {}};
  }
  if (way == "file") return readFile(folder_ / name);
  if (!credentials_)
    return {std::nullopt, "there is no $CREDENTIALS_DIRECTORY; systemd sets it for LoadCredential=" + name};
  if (name.starts_with('.') || name.find('/') != std::string::npos)
    return {std::nullopt, "the name of a credential holds no / and starts with no dot"};
  return readFile(*credentials_ / name);
}

}  // namespace penstock
