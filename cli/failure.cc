#include "cli/failure.h"

#include <system_error>

#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

Exit code_of(ConnectProblem problem) {
  switch (problem) {
    case ConnectProblem::bad_uri: return Exit::usage;
    case ConnectProblem::unsupported: return Exit::unfit;
    case ConnectProblem::cannot_create: return Exit::cannot_create;
    case ConnectProblem::denied: return Exit::denied;
    case ConnectProblem::unreachable: return Exit::unavailable;
    case ConnectProblem::damaged: return Exit::damaged;
  }
  return Exit::internal;
}

Exit code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::denied: return Exit::denied;
    case Outcome::damaged: return Exit::damaged;
    case Outcome::unreachable:
    case Outcome::unknown: return Exit::unavailable;
    case Outcome::held:
    case Outcome::lost: return Exit::busy;
    case Outcome::granted: break;
  }
  return Exit::internal;
}

}  // namespace

Failure failure_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& e) {
    return e;
  } catch (const ConnectError& e) {
    return {code_of(e.problem()), e.what()};
  } catch (const StoreError& e) {
    return {code_of(e.outcome()), e.what()};
  } catch (const ArgumentError& e) {
    return {Exit::usage, e.what()};
  } catch (const TimeOffsetError& e) {
    return {Exit::unfit, e.what()};
  } catch (const LockExists& e) {
    return {Exit::busy, e.what()};
  } catch (const AcquireTimeout& e) {
    return {code_of(e.outcome()), e.what()};
  } catch (const std::system_error& e) {
    return {Exit::os_error, e.what()};
  } catch (const std::exception& e) {
    return {Exit::internal, e.what()};
  } catch (...) {
    return {Exit::internal, "an exception of an unknown kind"};
  }
}

}  // namespace mongoelector::cli
