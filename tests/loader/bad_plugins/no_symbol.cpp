extern "C" __attribute__((visibility("default"))) int plugin_of_somebody_else() noexcept;
extern "C" __attribute__((visibility("default"))) int plugin_of_somebody_else() noexcept { return 1; }
