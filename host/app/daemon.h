#pragma once

#include "app/catalog.h"
#include "app/installation.h"
#include "config/configuration.h"

#include <Poco/Util/ServerApplication.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock {

/// Exit codes (sysexits.h): what service managers and scripts decide by.
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 64,
  kExitUnavailable = 69,    ///< something needed at start is missing
  kExitSoftware = 70,       ///< broke while running
  kExitConfiguration = 78,  ///< not worth restarting before a person has changed something
};

/// penstockd: the command line, and the life of the service from start to drain.
class Daemon final : public Poco::Util::ServerApplication {
public:
  Daemon();

protected:
  void defineOptions(Poco::Util::OptionSet& options) override;
  int main(const std::vector<std::string>& arguments) override;

private:
  enum class Mode { Serve, Help, Version, CheckConfig, ConfigReference, ShowConfig, ListPlugins, Migrate };

  void setConfig(const std::string& name, const std::string& value);
  void addOverride(const std::string& name, const std::string& value);
  void setAsService(const std::string& name, const std::string& value);
  void setMode(const std::string& name, const std::string& value);

  ConfigSource source() const;
  int answer();
  int checkConfig() const;
  int printReference() const;
  int migrate() const;
  int serve();

  Installation installation_;
  std::string config_file_;
  std::vector<std::pair<std::string, std::string>> overrides_;
  Mode mode_ = Mode::Serve;
  bool json_ = false;
  bool as_service_ = false;
};

}  // namespace penstock
