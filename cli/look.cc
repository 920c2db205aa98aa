#include "cli/look.h"

#include <unistd.h>

#include "base/poll.h"
#include "cli/deadline.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

int LookCommand::run(Context& context) {
  prepare(context);
  const auto pause = repeat_every();
  std::optional<Connection> connection;
  Answer answer;
  {
    const Deadline deadline(context);
    connection = open_connection(context);
    if (!pause) {
      answer = ask(context, *connection);
      connection.reset();
    }
  }
  if (pause) repeat(context, *connection, *pause);
  if (answer.document.is_null())
    context.out.answer(answer.text);
  else
    context.out.answer_document(answer.document);
  return static_cast<int>(answer.yes ? Exit::done : Exit::no);
}

void LookCommand::repeat(Context& context, const Connection& connection, Duration pause) {
  // A screen is drawn anew; whatever else reads gets one answer after the other.
  const bool screen = isatty(STDOUT_FILENO) != 0 && !context.out.json() &&
                      environment("TERM").value_or("dumb") != "dumb";
  const std::string between = screen ? "\x1b[H\x1b[2J" : "";
  const Clock& clock = connection.session->clock();
  for (;;) {
    try {
      const Answer answer = ask(context, connection);
      context.out.answer(answer.document.is_null() ? between + answer.text + (screen ? "" : "\n")
                                                   : to_line(answer.document));
    } catch (const StoreError& error) {
      // Whoever watches wants to see how it goes on.
      context.out.note(error.what());
    }
    internal::poll_until(clock, {}, clock.now() + pause);
  }
}

}  // namespace mongoelector::cli
