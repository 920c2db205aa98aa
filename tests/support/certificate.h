// Certificates for servers of this machine.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/process.h"
#include "support/temp_dir.h"

namespace mongoelector::test {

// One that is its own authority, with its key, in one file of `dir`. `more`: flags of openssl req.
inline std::string certificate(const TempDir& dir, const std::string& name,
                               const std::string& password = {},
                               const std::vector<std::string>& more = {}) {
  const std::string key = dir.file(name + ".key");
  const std::string file = dir.file(name + ".pem");
  std::vector<std::string> words{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                 "ec_paramgen_curve:prime256v1", "-days", "2", "-subj",
                                 "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1",
                                 "-keyout", key, "-out", file};
  words.insert(words.end(), more.begin(), more.end());
  if (password.empty()) {
    words.push_back("-nodes");
  } else {
    words.insert(words.end(), {"-passout", "pass:" + password});
  }
  const Finished made = run_process(words);
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(run_process({"sh", "-c", "cat " + key + " >> " + file}).code, 0);
  return file;
}

}  // namespace mongoelector::test
