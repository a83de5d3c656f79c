// A process that does nothing but persist, made to be killed: writer <plugin.so> <migrations> <key=value>…
// Prints the ids of each batch once it is committed, one a line, and goes on until it dies.
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance/store/sample.h"
#include "penstock/store.h"
#include "support/plugin_fixture.h"

int main(int count, char** arguments) {
  using namespace penstock;
  test::Overrides configuration;
  for (int i = 3; i < count; ++i) {
    const std::string_view written = arguments[i];
    const auto sign = written.find('=');
    configuration.emplace(written.substr(0, sign), written.substr(sign + 1));
  }
  test::PluginFixture plugin(arguments[1], configuration, arguments[2]);
  plugin.start();
  Store& store = plugin.get<Store>();
  for (;;) {
    std::vector<Event> events;
    for (int i = 0; i < 20; ++i) events.push_back(test::outbound("body", "+1555", "+1666000" + std::to_string(i % 7)));
    store.persist(events);
    std::string ids;
    for (const Event& event : events) ids += event.id.text() + '\n';
    if (write(STDOUT_FILENO, ids.data(), ids.size()) < 0) return 1;
  }
}
