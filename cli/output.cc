#include "cli/output.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string now() { return internal::rfc3339(make_machine_clock()->wall()); }

// Characters, not bytes: good enough for columns of most scripts.
std::size_t width_of(std::string_view text) {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts));
}

std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t end = text.size();
  while (width_of(text.substr(0, end)) > width) --end;
  return text.substr(0, end);
}

// 0: no terminal, or one that does not tell.
std::size_t terminal_columns(int fd) {
  winsize size{};
  if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string colored(Tone tone, std::string_view word) {
  static constexpr std::array<int, 3> kCodes{32, 33, 31};  // green, yellow, red
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes.at(static_cast<std::size_t>(tone)), word);
}

}  // namespace

void Output::configure(const OutputStyle& style) {
  style_ = style;
  colored_answer_ = style.color && isatty(STDOUT_FILENO) != 0;
  colored_messages_ = style.color && isatty(STDERR_FILENO) != 0;
}

std::string Output::toned(Tone tone, std::string_view word) const {
  return colored_answer_ ? colored(tone, word) : std::string(word);
}

void Output::answer_document(const Json& document) {
  answer(style_.one_line ? to_line(document) : to_text(document));
}

bool Output::offer(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return true;
  if (errno == EPIPE) return false;
  throw Failure(Exit::os_error, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

void Output::answer(std::string_view text) {
  if (offer(text)) return;
  // Whoever reads has enough. Usually SIGPIPE has said so already; where it is ignored (systemd)
  // this ends the same way.
  signal(SIGPIPE, SIG_DFL);
  raise(SIGPIPE);
}

void Output::note(std::string_view text) {
  if (style_.verbosity != Verbosity::quiet) log("info", text);
}

void Output::warn(std::string_view text) {
  if (style_.verbosity != Verbosity::quiet) log("warning", text);
}

void Output::prompt(std::string_view text) const { write_all(STDERR_FILENO, text); }

bool Output::can_redraw() const {
  return style_.verbosity != Verbosity::quiet && !style_.json_log &&
         terminal_columns(STDERR_FILENO) > 0;
}

void Output::redraw(std::string_view text) {
  static constexpr std::string_view kErase = "\r\x1b[K";
  std::string line(kErase);
  // The last column stays free: to some terminals it is the next line already.
  if (!text.empty())
    line += cut(fmt::format("mongoelector: {}", text), terminal_columns(STDERR_FILENO) - 1);
  write_all(STDERR_FILENO, line);
}

void Output::detail(std::string_view text) {
  if (style_.verbosity == Verbosity::verbose) log("debug", text);
}

void Output::log(std::string_view level, std::string_view text, const Json& error) const {
  if (style_.json_log) {
    write_all(STDERR_FILENO, to_line(Json{{"schema", "mongoelector.log/1"},
                                          {"at", now()},
                                          {"level", level},
                                          {"message", text},
                                          {"error", error}}));
    return;
  }
  const auto start = [&](Tone tone, const char* word) {
    return colored_messages_ ? colored(tone, word) : std::string(word);
  };
  std::string line = level == "error" ? start(Tone::bad, "mongoelector:") : "mongoelector:";
  if (level == "warning") line += " " + start(Tone::doubtful, "warning:");
  write_all(STDERR_FILENO, fmt::format("{} {}\n", line, text));
}

void Output::fail(const Failure& failure) {
  std::string line = failure.what();
  if (!failure.hint().empty()) line += fmt::format("; {}", failure.hint());
  // Drivers like to end their messages with a line break, or to have one inside.
  std::replace(line.begin(), line.end(), '\n', ' ');
  const Json error{{"code", name_of(failure.code())},
                   {"exit_code", static_cast<int>(failure.code())},
                   {"message", failure.what()},
                   {"hint", failure.hint().empty() ? Json(nullptr) : Json(failure.hint())},
                   {"holder", failure.holder()}};
  log("error", line, error);
  // A line of a JSON log has it inside.
  if (style_.json && !style_.json_log)
    write_all(STDERR_FILENO, to_line(Json::object({{"error", error}})));
}

Json new_document(std::string_view schema) {
  return {{"schema", schema}, {"generated_at", now()}};
}

std::string to_text(const Json& document) {
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string to_line(const Json& document) {
  return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string to_line(std::string_view schema, const Json& item) {
  Json document = new_document(schema);
  document.update(item);
  return to_line(document);
}

std::string shown(std::string_view text) {
  std::string safe = internal::quoted(text);
  if (!text.empty() && safe.size() == text.size() + 2) return std::string(text);
  return safe;
}

std::string Table::text(bool wide) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::size_t columns = widths.size();
  const std::size_t room = wide ? 0 : terminal_columns(STDOUT_FILENO);
  const auto total = [&] {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < columns; ++i) sum += widths[i] + (i == 0 ? 0 : 2);
    return sum;
  };
  while (room != 0 && columns > 1 && total() > room) --columns;
  std::string text;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < columns; ++i) {
      text += row[i];
      if (i + 1 < columns) text += std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace mongoelector::cli
