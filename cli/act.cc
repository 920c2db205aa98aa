#include "cli/act.h"

#include "cli/deadline.h"

namespace mongoelector::cli {

void ActCommand::add_flags(Flags& flags) {
  add_own_flags(flags);
  flags.add_flag("--dry-run", dry_run_, "say what would be done, and do nothing");
}

int ActCommand::run(Context& context) {
  prepare();
  by_ = whoami();
  std::optional<Deadline> deadline(std::in_place, context);
  const Connection connection = open_connection(context);
  LeaseStore& store = connection.session->store();
  look(context, store);
  deadline.reset();
  if (dry_run_) {
    rehearse();
  } else {
    if (const auto asked = question()) agree(context, *asked);
    deadline.emplace(context, "; it may have been done all the same");
    act(context, store);
    deadline.reset();
    follow(context, store);
  }
  if (!context.out.json()) {
    tell(context);
    return 0;
  }
  Json document = new_document(schema());
  document["store"] = {{"uri", connection.uri}};
  document["dry_run"] = dry_run_;
  document["by"] = by_;
  fill(document);
  context.out.answer_document(document);
  return 0;
}

}  // namespace mongoelector::cli
