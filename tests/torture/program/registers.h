// What the leases protect: two numbers in files that every holder reads, adds one to, and writes.
//
// The fenced one checks tokens, when it is written and when it is read for writing: without the
// latter an older holder could still write between the read and the write of a newer one. So it
// must lose no update, whoever is stopped when. The unfenced one takes what comes, as an ordinary
// file does: a holder that stands still between read and write may undo others' work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "torture/program/evidence.h"

namespace mongoelector::torture {

// Makes both, holding 0.
void make_registers(const std::string& directory);
std::uint64_t value_of(const std::string& directory, Register which);

// For one holder at a time of one process.
class Registers {
 public:
  Registers(const std::string& directory, Evidence& evidence);
  ~Registers();
  Registers(const Registers&) = delete;
  Registers& operator=(const Registers&) = delete;

  // Adds one, with a pause between read and write. False when the token is too old.
  bool add_one_fenced(std::uint64_t token, std::int64_t pause_us);
  void add_one_unfenced(std::uint64_t token, std::int64_t pause_us);

 private:
  Evidence& evidence_;
  int fenced_;
  int unfenced_;
};

}  // namespace mongoelector::torture
