#include "cli/cordoning.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mongoelector::cli {

void CordoningCommand::add_own_flags(Flags& flags) {
  flags.add_option("MEMBER", member_, "a label, a host or an id").required();
  add_election(flags, Needed::no);
}

void CordoningCommand::prepare() {
  ControlCommand::prepare();
  constexpr std::size_t kLongestMember = 256;
  if (member_.empty()) throw Failure(Exit::usage, "MEMBER is empty");
  internal::check_text("MEMBER", member_, kLongestMember);
}

std::vector<Electorate> CordoningCommand::elections(Context& context, LeaseStore& store) {
  if (named()) return ControlCommand::elections(context, store);
  const ListReply all = store.list(Kind::election, "");
  require_answer(all.outcome, all.detail, "listing the elections");
  std::vector<Electorate> found;
  for (const Record& record : all.records) {
    Electorate seen(store, record.key);
    if (concerns(seen)) found.push_back(std::move(seen));
  }
  if (!found.empty()) return found;
  throw Failure(Exit::no, fmt::format("no election concerns {}", internal::quoted(member_)),
                "an election that nobody leads has to be named");
}

std::string CordoningCommand::word_in(const Electorate& seen) const {
  return control_word(member_, seen.find(member_));
}

bool CordoningCommand::lists(const ControlRow& row, const std::string& word) {
  return std::find(row.cordoned.begin(), row.cordoned.end(), word) != row.cordoned.end();
}

}  // namespace mongoelector::cli
