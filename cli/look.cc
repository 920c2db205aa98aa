#include "cli/look.h"

#include "cli/deadline.h"

namespace mongoelector::cli {

int LookCommand::run(Context& context) {
  prepare(context);
  Answer answer;
  {
    const Deadline deadline(context);
    const Connection connection = open_connection(context);
    answer = ask(context, connection);
  }
  context.out.answer(answer.text);
  return static_cast<int>(answer.yes ? Exit::done : Exit::no);
}

}  // namespace mongoelector::cli
