#include "cli/program.h"

int main(int argc, char** argv) {
  return mongoelector::cli::run_program({argv + 1, argv + argc});
}
