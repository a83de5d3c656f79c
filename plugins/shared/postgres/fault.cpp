#include "shared/postgres/fault.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::postgres {

namespace {

struct Meaning {
  std::string_view prefix;  ///< of the SQLSTATE; the first that fits counts
  FaultClass kind;
  std::string_view words;
};

constexpr std::array kMeanings{
    Meaning{"40001", FaultClass::Retry, "a transaction at the same time was in the way"},
    Meaning{"40P01", FaultClass::Retry, "two transactions waited for each other"},
    Meaning{"55P03", FaultClass::Retry, "a lock did not come free in time"},
    Meaning{"08", FaultClass::Reconnect, "the connection is gone"},
    Meaning{"57P01", FaultClass::Reconnect, "the server shuts down or an administrator ended the session"},
    Meaning{"57P02", FaultClass::Reconnect, "the server has crashed and recovers"},
    Meaning{"57P03", FaultClass::Reconnect, "the server starts up or shuts down"},
    Meaning{"57P05", FaultClass::Reconnect, "the server ended an idle session"},
    Meaning{"25P03", FaultClass::Reconnect, "the server ended a transaction in which nothing happened"},
    Meaning{"26000", FaultClass::Reconnect, "a prepared statement is gone; a pooler must work in session mode"},
    Meaning{"57014", FaultClass::Shed, "the statement took longer than it may"},
    Meaning{"53300", FaultClass::Reconnect, "the server has no connection left"},
    Meaning{"53100", FaultClass::Shed, "the disk of the server is full"},
    Meaning{"53200", FaultClass::Shed, "the server has no memory left"},
    Meaning{"53", FaultClass::Shed, "the server has run out of a resource"},
    Meaning{"25006", FaultClass::Shed, "the server only reads; it may be a standby"},
    Meaning{"58", FaultClass::Shed, "the server has trouble with its system"},
    Meaning{"22", FaultClass::Never, "a value does not fit"},
    Meaning{"23", FaultClass::Never, "a value breaks a rule of the schema"},
    Meaning{"42501", FaultClass::Never, "the role lacks a right"},
    Meaning{"42", FaultClass::Never, "the statement does not fit the schema"},
    Meaning{"54", FaultClass::Never, "a limit of the server is passed"},
    Meaning{"28", FaultClass::Never, "the role may not connect"},
    Meaning{"3D000", FaultClass::Never, "there is no such database"},
    Meaning{"P0", FaultClass::Never, "a rule of the schema refuses it"},
};

constexpr Meaning kBareClose{"", FaultClass::Reconnect, "the connection closed"};
constexpr Meaning kOther{"", FaultClass::Never, "PostgreSQL refuses it"};

const Meaning& meaningOf(std::string_view sqlstate) noexcept {
  if (sqlstate.empty()) return kBareClose;
  const auto* found = std::find_if(kMeanings.begin(), kMeanings.end(),
                                   [&](const Meaning& one) { return sqlstate.starts_with(one.prefix); });
  return found == kMeanings.end() ? kOther : *found;
}

std::string_view field(const PGresult* result, int code) {
  const char* text = result == nullptr ? nullptr : PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string sentence(std::string_view sqlstate, std::string_view doing, std::string_view where) {
  std::string text(meaningOf(sqlstate).words);
  if (!where.empty()) text += " (" + std::string(where) + ")";
  text += " while " + std::string(doing);
  return text;
}

}  // namespace

FaultClass classify(std::string_view sqlstate) noexcept { return meaningOf(sqlstate).kind; }

Fault::Fault(std::string code, const std::string& sentence)
    : std::runtime_error(code.empty() ? "PostgreSQL: " + sentence : "PostgreSQL error " + code + ": " + sentence),
      sqlstate(std::move(code)),
      kind(classify(sqlstate)) {}

void raise(const PGresult* result, std::string_view doing) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  std::string_view where = field(result, PG_DIAG_CONSTRAINT_NAME);
  if (where.empty()) where = field(result, PG_DIAG_COLUMN_NAME);
  if (where.empty()) where = field(result, PG_DIAG_TABLE_NAME);
  throw Fault(std::string(state), sentence(state, doing, where));
}

void raiseLost(std::string_view doing) { throw Fault({}, sentence({}, doing, {})); }

}  // namespace penstock::postgres
