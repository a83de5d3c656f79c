#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

/// What scripts there are: those of the policy, and those of providers, which go by one name here.
enum class ScriptName : std::uint8_t { Validate, Idempotency, Conversation, Route, Retry, Redact, Provider };

/// The policy's scripts; each lies in a file named word(script) + ".lua".
inline constexpr std::array kScripts{ScriptName::Validate, ScriptName::Idempotency, ScriptName::Conversation,
                                     ScriptName::Route,    ScriptName::Retry,       ScriptName::Redact};

/// All that are called and measured.
inline constexpr std::array kCalledScripts{ScriptName::Validate, ScriptName::Idempotency, ScriptName::Conversation,
                                           ScriptName::Route,    ScriptName::Retry,       ScriptName::Redact,
                                           ScriptName::Provider};

constexpr std::size_t index(ScriptName script) { return static_cast<std::size_t>(script); }

constexpr std::string_view word(ScriptName script) {
  constexpr std::array<std::string_view, kCalledScripts.size()> kWords{
      "validate", "idempotency", "conversation", "route", "retry", "redact", "provider"};
  return kWords[index(script)];
}

/// Why a script call failed.
enum class FailureReason : std::uint8_t {
  Error,      ///< the script raised an error
  Deadline,   ///< it took more processor time than policy.deadline
  Memory,     ///< it wanted more memory than policy.memory
  BadAnswer,  ///< it returned something else than its header promises
};

inline constexpr std::array kFailureReasons{FailureReason::Error, FailureReason::Deadline, FailureReason::Memory,
                                            FailureReason::BadAnswer};

constexpr std::string_view word(FailureReason reason) {
  constexpr std::array<std::string_view, kFailureReasons.size()> kWords{"error", "deadline", "memory", "answer"};
  return kWords[static_cast<std::size_t>(reason)];
}

}  // namespace penstock
