#include "logging/message_parameters.h"

namespace penstock {
namespace {

// Poco 1.11 has no way to list a message's parameters. Naming a private member in an explicit instantiation is allowed
// ([temp.spec.general]/6), and does not compile should the member change.
template <auto Member>
struct Door {
  friend const std::map<std::string, std::string>* parametersBehind(const Poco::Message& message) {
    return message.*Member;
  }
};

const std::map<std::string, std::string>* parametersBehind(const Poco::Message& message);
template struct Door<&Poco::Message::_pMap>;

}  // namespace

const std::map<std::string, std::string>* parametersOf(const Poco::Message& message) {
  return parametersBehind(message);
}

}  // namespace penstock
