#include "ctl/run.h"

int main(int argc, char** argv) { return penstock::ctl::run(argc, argv); }
