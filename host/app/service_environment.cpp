#include "app/service_environment.h"

#include "penstock/plugin.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock {
namespace {

// As packaging/systemd/penstock.service has them.
constexpr const char* kUser = "penstock";
constexpr std::array kFiles{"/etc/default/penstock", "/etc/sysconfig/penstock"};
constexpr const char* kFolder = "/var/lib/penstock";
// Where systemd keeps what LoadCredential= names while the service runs.
constexpr const char* kCredentials = "/run/credentials/penstock.service";

bool isName(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
         std::string_view::npos;
}

bool isBlank(char sign) { return sign == ' ' || sign == '\t' || sign == '\r'; }

void trimEnd(std::string& text) {
  while (!text.empty() && isBlank(text.back())) text.pop_back();
}

class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<std::pair<std::string, std::string>> all() {
    std::vector<std::pair<std::string, std::string>> found;
    while (!text_.empty()) {
      while (!text_.empty() && (isBlank(text_.front()) || text_.front() == '\n')) take();
      if (text_.empty()) break;
      const bool comment = text_.front() == '#' || text_.front() == ';';
      std::string name = comment ? restOfLine() : untilEquals();
      if (comment || name.empty()) continue;
      std::string value = readValue();
      if (isName(name)) found.emplace_back(std::move(name), std::move(value));
    }
    return found;
  }

private:
  char take() {
    const char sign = text_.front();
    text_.remove_prefix(1);
    return sign;
  }

  /// A comment; a backslash makes it go on in the next line. Always empty.
  std::string restOfLine() {
    while (!text_.empty()) {
      const char sign = take();
      if (sign == '\n') break;
      if (sign == '\\' && !text_.empty()) take();
    }
    return {};
  }

  /// The name before =, or nothing when the line has none.
  std::string untilEquals() {
    std::string name;
    while (!text_.empty()) {
      const char sign = take();
      if (sign == '\n') return {};
      if (sign == '=') break;
      name += sign;
    }
    trimEnd(name);
    return name;
  }

  std::string readValue() {
    std::string value;
    std::size_t quoted = 0;  // what came in quotes keeps its blanks
    bool bare = false;
    while (!text_.empty()) {
      const char sign = take();
      if (sign == '\n') break;
      if (!bare && isBlank(sign)) continue;
      if (!bare && (sign == '\'' || sign == '"')) {
        readQuoted(sign, value);
        quoted = value.size();
      } else if (sign == '\\') {
        bare = true;
        if (text_.empty()) break;
        if (const char next = take(); next != '\n') {
          value += next;
          quoted = value.size();
        }
      } else {
        bare = true;
        value += sign;
      }
    }
    while (value.size() > quoted && isBlank(value.back())) value.pop_back();
    return value;
  }

  void readQuoted(char quote, std::string& value) {
    while (!text_.empty()) {
      const char sign = take();
      if (sign == quote) return;
      if (quote == '"' && sign == '\\' && !text_.empty()) {
        const char next = take();
        if (std::string_view("\"\\`$").find(next) == std::string_view::npos && next != '\n') value += '\\';
        if (next != '\n') value += next;
      } else {
        value += sign;
      }
    }
  }

  std::string_view text_;
};

StartFailure cannot(const std::string& what, int error, const std::string& cure) {
  return StartFailure(what + ": " + std::strerror(error) + "; " + cure);
}

std::string contents(const char* file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream && errno == ENOENT) return {};
  std::string text;
  if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
  if (!stream || stream.bad())
    throw cannot("cannot read " + std::string(file), errno, "call penstockd --as-service as root");
  return text;
}

void takeOnUser() {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam(kUser);
  if (user == nullptr)
    throw StartFailure("there is no user " + std::string(kUser) +
                       "; the packages make it, or systemd-sysusers of packaging/systemd/penstock.sysusers");
  if (initgroups(kUser, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
    throw cannot("cannot become the user " + std::string(kUser), errno, "call penstockd --as-service as root");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> readEnvironment(std::string_view text) { return Reader(text).all(); }

void becomeService() {
  std::vector<std::pair<std::string, std::string>> values;
  for (const char* file : kFiles)
    for (auto& value : readEnvironment(contents(file))) values.push_back(std::move(value));
  takeOnUser();
  clearenv();
  setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("LANG", "C.UTF-8", 1);
  setenv("HOME", kFolder, 1);
  if (std::error_code none; std::filesystem::is_directory(kCredentials, none))
    setenv("CREDENTIALS_DIRECTORY", kCredentials, 1);
  for (const auto& [name, value] : values) setenv(name.c_str(), value.c_str(), 1);
  if (chdir(kFolder) != 0)
    throw cannot("cannot go to " + std::string(kFolder), errno, "the packages make it, for the user penstock");
}

}  // namespace penstock
