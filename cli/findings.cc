#include "cli/findings.h"

#include <fmt/format.h>

#include <utility>

namespace mongoelector::cli {

namespace {

constexpr std::string_view kPrintRole = "mongoelector init --print-role";

std::string fix_for(const Failure& failure) {
  if (!failure.hint().empty()) return failure.hint();
  switch (failure.code()) {
    case Exit::denied: return fmt::format("the right password and role: {}", kPrintRole);
    case Exit::unavailable: return "are the servers up, reachable from here, and a majority?";
    case Exit::damaged: return "another file or database, or a newer mongoelector";
    default: return "";
  }
}

}  // namespace

void Findings::ok(std::string id, std::string message) {
  add({std::move(id), "ok", std::move(message), ""});
}

void Findings::warn(std::string id, std::string message, std::string fix) {
  warned_ = true;
  add({std::move(id), "warn", std::move(message), std::move(fix)});
}

void Findings::fail(std::string id, Exit kind, std::string message, std::string fix) {
  if (!failed_) failed_ = kind;
  add({std::move(id), "fail", std::move(message), std::move(fix)});
}

void Findings::fail(std::string id, std::exception_ptr error) {
  const Failure failure = failure_of(std::move(error));
  fail(std::move(id), failure.code(), failure.what(), fix_for(failure));
}

void Findings::add(Finding finding) {
  if (!out_.json()) {
    const bool bad = finding.status == "fail";
    const Tone tone = bad ? Tone::bad : finding.status == "ok" ? Tone::good : Tone::doubtful;
    std::string text =
        fmt::format("{}{:<12}{}\n",
                    out_.toned(tone, fmt::format("{:<6}", bad ? "FAIL" : finding.status)),
                    finding.id, finding.message);
    if (!finding.fix.empty()) text += fmt::format("{:18}fix: {}\n", "", finding.fix);
    out_.answer(text);
  }
  findings_.push_back(std::move(finding));
}

Exit Findings::exit_code(bool strict) const {
  if (failed_) return *failed_;
  return strict && warned_ ? Exit::unfit : Exit::done;
}

Json Findings::json() const {
  Json list = Json::array();
  for (const Finding& finding : findings_) {
    list.push_back({{"id", finding.id},
                    {"status", finding.status},
                    {"message", finding.message},
                    {"fix", finding.fix.empty() ? Json(nullptr) : Json(finding.fix)}});
  }
  return list;
}

}  // namespace mongoelector::cli
