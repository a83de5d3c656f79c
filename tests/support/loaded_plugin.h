#pragma once

#include "penstock/plugin.h"

#include <Poco/SharedLibrary.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace penstock::test {

/// A plugin's real .so, opened as the host opens it: symbols local, the fingerprint compared before anything else is
/// read, never unloaded.
class LoadedPlugin {
public:
  explicit LoadedPlugin(const std::string& file) {
    Poco::SharedLibrary library(file, Poco::SharedLibrary::SHLIB_LOCAL);
    if (!library.hasSymbol("penstock_plugin")) throw std::runtime_error(file + " is no Penstock plugin");
    using Door = const Descriptor* (*)() noexcept;
    descriptor_ = reinterpret_cast<Door>(library.getSymbol("penstock_plugin"))();
    if (std::string_view(descriptor_->fingerprint) != PENSTOCK_FINGERPRINT)
      throw std::runtime_error(file + " is built against another SDK: found " + descriptor_->fingerprint +
                               ", expected " PENSTOCK_FINGERPRINT);
  }

  const Descriptor& descriptor() const { return *descriptor_; }
  std::unique_ptr<Plugin> create() const { return std::unique_ptr<Plugin>(descriptor_->create()); }

private:
  const Descriptor* descriptor_ = nullptr;
};

}  // namespace penstock::test
