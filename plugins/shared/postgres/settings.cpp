#include "shared/postgres/settings.h"

#include <charconv>
#include <stdexcept>
#include <string>

#include "shared/postgres/config.h"

namespace penstock::postgres {

namespace {

Url readUrl(const Config& section) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(section.duration(row::kConnectTimeout)).count();
  try {
    return Url::parse(section.secret(row::kUrl).reveal(), static_cast<int>(seconds));
  } catch (const std::invalid_argument& fault) {
    throw StartFailure(std::string(kSection) + "." + std::string(row::kUrl) + " cannot be read: " + fault.what(), true);
  }
}

Duration connectTimeout(const Url& url) {
  const std::string_view written = url.value("connect_timeout");
  int seconds = 0;
  std::from_chars(written.data(), written.data() + written.size(), seconds);
  return std::chrono::seconds(seconds < 2 ? 2 : seconds);  // as libpq reads it
}

}  // namespace

Settings readSettings(const Config& section) {
  Settings settings;
  settings.session.url = readUrl(section);
  settings.session.connect_timeout = connectTimeout(settings.session.url);
  settings.session.statement_timeout = section.duration(row::kStatementTimeout);
  settings.session.lock_timeout = section.duration(row::kLockTimeout);
  settings.session.transaction_timeout = section.duration(row::kTransactionTimeout);
  settings.reconnect = {section.duration(row::kReconnectFirst), section.duration(row::kReconnectLongest)};
  settings.connections = static_cast<std::size_t>(section.integer(row::kConnections));
  settings.wait = section.duration(row::kWait);
  settings.migrate = section.boolean(row::kMigrate);
  return settings;
}

}  // namespace penstock::postgres
