// What an error of the driver or the server means for a verb: one table, in outcomes.cc.
#pragma once

#include <string>

#include "mongoelector/lease.h"

namespace mongoelector::internal::mongo {

// Where an error came from. Numbers mean different things to each.
enum class Source : std::uint8_t {
  not_sent,        // no server to send to, or no connection to it: nothing left this process
  network,         // the connection broke or the reply did not come in time
  server,          // the server refused, or gave up on, the command
  write_concern,   // the server did it, but no majority confirmed it in time
  authentication,  // the server does not accept who we are
  incompatible,    // driver and server do not speak the same versions
  usage,           // the driver would not send it
};

struct Failure {
  Source source = Source::usage;
  int code = 0;  // the server's error code for server and write_concern
  std::string message = {};
};

enum class Phase : std::uint8_t { claim, renew, release, read };

Outcome outcome_of(const Failure& failure, Phase phase);

}  // namespace mongoelector::internal::mongo
