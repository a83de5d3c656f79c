#include "ctl/bench_service.h"

#include "app/installation.h"
#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/members.h"
#include "ctl/output.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>

namespace penstock::ctl {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStart{30};
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::milliseconds kCall{5000};
constexpr std::size_t kLastLines = 5;

std::string luaText(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

/// The scripts of this version: those of the site may refuse what is measured, and are not everybody's to read.
fs::path shippedScripts(const fs::path& daemon) {
  const fs::path scripts = Installation::around(daemon.parent_path()).shipped_scripts;
  std::error_code fault;
  if (!fs::is_directory(scripts, fault))
    throw Failure(Exit::Unavailable, "the shipped scripts are not in " + scripts.string() +
                                         (fault ? ": " + fault.message() : "") + "; install the package again");
  return scripts;
}

void writeConfiguration(const fs::path& folder, const fs::path& scripts, const std::string& queue) {
  std::ofstream out(folder / "penstock.lua");
  out << "return {\n"
      << "  plugins = { \"http-ingest\", " << luaText(queue)
      << ", \"sqlite-store\", \"worker\", \"http-transport\", \"metrics\" },\n"
      << "  data_dir = " << luaText((folder / "data").string()) << ",\n"
      << "  scripts_dir = " << luaText(scripts.string()) << ",\n"
      << "  http = { public = { address = \"127.0.0.1\", port = 0 }, admin = { socket = "
      << luaText((folder / "admin.sock").string()) << " } },\n"
      << "  routes = { sms = \"mock\", mms = \"mock\", email = \"mock\" },\n"
      << "  providers = { mock = { seed = 1 } },\n"
      << "  logging = { level = \"warning\" },\n"
      << "}\n";
  if (!out.flush()) throw Failure(Exit::Unavailable, "cannot write in " + folder.string());
}

std::uint16_t portOf(const std::string& place) {
  const std::size_t colon = place.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos) std::from_chars(place.data() + colon + 1, place.data() + place.size(), port);
  if (port == 0) throw Failure(Exit::Unexpected, "penstockd does not say where it listens");
  return port;
}

}  // namespace

OwnFolder::OwnFolder(const fs::path& parent) {
  std::string pattern = (fs::absolute(parent) / "penstock-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw Failure(Exit::Unavailable,
                  "cannot make a folder in " + parent.string() + ": " + std::strerror(errno) + "; see --folder");
  path_ = pattern;
}

OwnFolder::~OwnFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

BenchService::BenchService(const fs::path& parent, const std::string& queue) : folder_(parent) {
  start(queue);
  awaitStart();
}

void BenchService::start(const std::string& queue) {
  const fs::path& folder = folder_.path();
  const std::string daemon = daemonPath();
  writeConfiguration(folder, shippedScripts(daemon), queue);
  const int log = ::open((folder / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) throw Failure(Exit::Unavailable, "cannot write in " + folder.string());
  const char* path = std::getenv("PATH");
  const std::vector<std::string> environment{"PATH=" + std::string(path == nullptr ? "/usr/bin:/bin" : path)};
  try {
    child_.emplace(std::vector<std::string>{daemon, "--config=" + (folder / "penstock.lua").string()}, environment, log,
                   log);
  } catch (...) {
    ::close(log);
    throw;
  }
  ::close(log);
}

void BenchService::awaitStart() {
  const auto deadline = Clock::now() + kStart;
  for (;;) {
    Interrupt::check();
    if (child_->ended()) throw Failure(Exit::Unavailable, "penstockd did not start:" + lastWords());
    if (Clock::now() > deadline) throw Failure(Exit::Unavailable, "penstockd does not start:" + lastWords());
    try {
      const Reading first = read();
      const boost::json::value* listeners = member(first.status(), "listeners");
      port_ = portOf(listeners == nullptr ? std::string() : textIn(*listeners, "public"));
      return;
    } catch (const Failure& failure) {
      if (failure.exit != Exit::Unavailable) throw;  // it does not listen yet
    }
    pause(kLook);
  }
}

Reading BenchService::read() {
  if (child_->ended()) throw Failure(Exit::Unavailable, "penstockd has ended:" + lastWords());
  Client client = Client::admin((folder_.path() / "admin.sock").string(), kCall);
  return Reading::take(client);
}

std::string BenchService::lastWords() const {
  std::ifstream log(folder_.path() / "log");
  std::deque<std::string> last;
  for (std::string line; std::getline(log, line);) {
    last.push_back(std::move(line));
    if (last.size() > kLastLines) last.pop_front();
  }
  std::string text;
  for (const std::string& line : last) text += "\n  " + shortened(printable(line), 300);
  return text;
}

std::string fileSystemOf(const fs::path& folder, bool& memory) {
  struct Kind {
    std::uint64_t magic;
    const char* name;
  };
  constexpr std::array kKinds{Kind{EXT4_SUPER_MAGIC, "ext4"},         Kind{XFS_SUPER_MAGIC, "xfs"},
                              Kind{BTRFS_SUPER_MAGIC, "btrfs"},       Kind{TMPFS_MAGIC, "tmpfs"},
                              Kind{OVERLAYFS_SUPER_MAGIC, "overlay"}, Kind{NFS_SUPER_MAGIC, "nfs"}};
  struct statfs found {};
  memory = false;
  if (::statfs(folder.c_str(), &found) != 0) return "unknown";
  const auto magic = static_cast<std::uint64_t>(found.f_type) & 0xFFFFFFFFU;
  memory = magic == TMPFS_MAGIC;
  for (const Kind& kind : kKinds)
    if (kind.magic == magic) return kind.name;
  return "another file system";
}

}  // namespace penstock::ctl
