#include "loader/library.h"

#include "loader/descriptor_faults.h"

#include <Poco/Exception.h>
#include <Poco/SharedLibrary.h>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cxxabi.h>
#include <cstring>
#include <filesystem>
#include <memory>

namespace penstock {
namespace {

constexpr const char* kDoor = "penstock_plugin";
constexpr std::size_t kShownDigits = 16;  // as many as the name of a package's dependency on the SDK has
using Door = const Descriptor* (*)() noexcept;

std::string toRebuild(const std::string& reason) { return reason + "; rebuild it with the SDK of this penstockd"; }

/// Why a file is refused, as the end of a sentence that begins with its name.
struct Refusal {
  std::string reason;
};

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : symbol;
}

// What dlerror(3) says: "<file>: <why>", for a missing symbol "<file>: undefined symbol: <symbol>[, version <v>]".
std::string reasonNotOpened(const std::string& file, std::string said) {
  if (said.starts_with(file + ": ")) said.erase(0, file.size() + 2);
  constexpr std::string_view undefined = "undefined symbol: ";
  if (said.starts_with(undefined)) {
    const std::string symbol = said.substr(undefined.size(), said.find(',') - undefined.size());
    return toRebuild("needs " + demangled(symbol) + ", which nothing defines");
  }
  return "cannot be opened (" + said + "); replace it with one that is whole, or take it away";
}

// A library that binds lazily opens although a symbol is missing, and the process dies when it is first called.
bool bindsAtOnce(const void* address) {
  Dl_info where{};
  void* extra = nullptr;
  if (dladdr1(address, &where, &extra, RTLD_DL_LINKMAP) == 0 || extra == nullptr) return false;
  for (const ElfW(Dyn)* entry = static_cast<const link_map*>(extra)->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_BIND_NOW) return true;
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW) != 0) return true;
    if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW) != 0) return true;
  }
  return false;
}

// The text comes from a stranger: only hexadecimal digits are shown.
std::string beginning(const char* fingerprint) {
  std::string shown;
  for (std::size_t i = 0;
       i < kShownDigits && fingerprint != nullptr && std::isxdigit(static_cast<unsigned char>(fingerprint[i])); ++i)
    shown += fingerprint[i];
  return shown.empty() ? "none" : shown + "…";
}

bool hasFingerprintOfHost(const char* fingerprint) {
  return fingerprint != nullptr && std::strncmp(fingerprint, PENSTOCK_FINGERPRINT, sizeof(PENSTOCK_FINGERPRINT)) == 0;
}

const Descriptor& lookInto(const std::string& file, const std::string& name) {
  void* symbol = nullptr;
  try {
    Poco::SharedLibrary library(file, Poco::SharedLibrary::SHLIB_LOCAL);
    if (!library.hasSymbol(kDoor))
      throw Refusal{"exports no " + std::string(kDoor) + ", so it is no plugin of Penstock; take it away"};
    symbol = library.getSymbol(kDoor);
  } catch (const Poco::Exception& refused) {
    throw Refusal{reasonNotOpened(file, refused.message())};
  }
  if (!bindsAtOnce(symbol))
    throw Refusal{"is linked to look for its symbols only when it calls them; link it with -Wl,-z,now"};
  const Descriptor* descriptor = reinterpret_cast<Door>(symbol)();
  if (descriptor == nullptr) throw Refusal{toRebuild("has no descriptor")};
  if (!hasFingerprintOfHost(descriptor->fingerprint))
    throw Refusal{toRebuild("built against another SDK (found " + beginning(descriptor->fingerprint) + ", host is " +
                            beginning(PENSTOCK_FINGERPRINT) + ")")};
  std::string all;
  for (const std::string& fault : descriptorFaults(*descriptor, name)) all += (all.empty() ? "" : "; ") + fault;
  if (!all.empty()) throw Refusal{all};
  return *descriptor;
}

}  // namespace

FoundPlugin openPlugin(const std::string& file) {
  const std::filesystem::path path(file);
  FoundPlugin found{path.stem().string(), file, nullptr, {}};
  try {
    found.descriptor = &lookInto(file, found.name);
  } catch (const Refusal& refusal) {
    found.refusal = path.filename().string() + ": " + refusal.reason;
  }
  return found;
}

}  // namespace penstock
