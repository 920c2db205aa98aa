#include "cli/program.h"

int main(int argc, char** argv) {
  return mongoelector::cli::run_program(mongoelector::cli::take_arguments(argc, argv));
}
