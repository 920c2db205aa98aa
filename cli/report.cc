#include "cli/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "cli/records.h"

namespace mongoelector::cli {

namespace {

constexpr char kFileVariable[] = "MONGOELECTOR_REPORT_FILE";

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string_view cause_of(Exit code) {
  switch (code) {
    case Exit::damaged:
    case Exit::unavailable:
    case Exit::cannot_create:
    case Exit::unfit:
    case Exit::denied: return "store";
    default: return name_of(code);
  }
}

}  // namespace

void Report::add_flag(Flags& flags) {
  flags.add_option("--report-fd", number_, "write how it ended to this descriptor: a line of JSON")
      .type_name("N");
}

int Report::around(Context& context, std::string_view command, const Key& key,
                   const std::function<int()>& work) {
  out_ = &context.out;
  document_ = new_document("mongoelector.report/1");
  document_["command"] = command;
  document_["kind"] = to_string(key.kind());
  document_["name"] = key.name();
  open();
  int code = 0;
  std::string message;
  try {
    code = work();
  } catch (...) {
    const Failure failure = failure_of(std::current_exception());
    failed(failure);
    throw;
  }
  write(code, {});
  return code;
}

void Report::open() {
  if (const auto path = environment(kFileVariable)) {
    path_ = *path;
    unsetenv(kFileVariable);  // what the command starts has reports of its own
  }
  if (!number_) return;
  // Not for the command: whoever reads waits for the last writer to close it.
  if (fcntl(*number_, F_SETFD, FD_CLOEXEC) != 0) {
    throw Failure(Exit::usage, fmt::format("--report-fd {} is not open", *number_));
  }
  file_ = FileDescriptor(*number_);
}

void Report::ended(const Child& child) {
  child_code_ = child.exit_code();
  child_signal_ = child.ended_by();
  if (child.obstacle().empty()) {
    cause_ = child_signal_ ? "child_signal" : "child_exit";
  } else {
    const bool no_process = child.exit_code() == static_cast<int>(Exit::os_error);
    cause_ = no_process ? name_of(Exit::os_error) : "cannot_run";
  }
}

void Report::interrupted(int signal) {
  cause_ = "interrupted";
  write(128 + signal, {});
}

void Report::failed(const Failure& failure) {
  cause_ = cause_of(failure.code());
  write(static_cast<int>(failure.code()), failure.what());
}

void Report::write(int exit_code, const std::string& message) {
  document_["generated_at"] = new_document({})["generated_at"];
  document_["cause"] = cause_;
  document_["exit_code"] = exit_code;
  document_["child_exit_code"] = or_null(child_code_);
  document_["child_signal"] = or_null(child_signal_);
  document_["token"] = token_json(token_);
  document_["message"] = message.empty() ? Json(nullptr) : Json(message);
  const std::string line = to_line(document_);
  const auto send = [&](int fd, const std::string& where) {
    if (::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
    out_->note(fmt::format("cannot write the report to {}: {}", where, std::strerror(errno)));
  };
  if (file_.get() >= 0) send(file_.get(), "--report-fd");
  if (path_.empty()) return;
  const FileDescriptor file(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  send(file.get(), internal::quoted(path_));
}

}  // namespace mongoelector::cli
