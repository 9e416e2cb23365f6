#include "clients/cli/command_line.h"

int main(int argc, char** argv) { return static_cast<int>(hattama::cli::Run(argc, argv)); }
