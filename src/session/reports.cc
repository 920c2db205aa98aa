#include "session/reports.h"

#include "base/host.h"
#include "base/host_name.h"
#include "base/ids.h"
#include "base/text.h"

namespace mongoelector::internal {

std::string describe_holder(const Record& record) {
  const Holder& holder = record.holder;
  std::string text = holder.label.empty() ? holder.host : holder.label + " on " + holder.host;
  text += " (pid " + std::to_string(holder.pid) + ") since " + rfc3339(record.created_at);
  if (record.remaining > Duration::zero()) {
    text += ", lease ends in " + show_duration(record.remaining);
  } else if (record.claimable) {
    text += ", lease has ended";
  }
  if (!holder.note.empty()) text += ", note " + quoted(holder.note);
  return text;
}

std::string describe_trouble(Outcome outcome, const std::string& detail) {
  std::string text;
  switch (outcome) {
    case Outcome::unreachable: text = "the store could not be reached"; break;
    case Outcome::unknown: text = "the store gave no definite answer"; break;
    case Outcome::denied: text = "the store refuses"; break;
    case Outcome::damaged: text = "the record at the store is damaged or not ours"; break;
    case Outcome::granted:
    case Outcome::held:
    case Outcome::lost: text = "the store answered " + std::string(to_string(outcome)); break;
  }
  return detail.empty() ? text : text + ": " + detail;
}

std::string describe_loss(LossReason reason) {
  return reason == LossReason::taken ? "somebody removed or replaced the lease at the store"
                                     : "no renewal was confirmed before the deadline";
}

Holder make_holder(const std::string& label, const std::string& note, bool shared_store) {
  return {.uuid = new_uuid(),
          .host = shared_store ? qualified_host_name() : host_name(),
          .pid = process_id(),
          .label = label,
          .note = note};
}

void check_label_and_note(const std::string& label, const std::string& note) {
  check_text("label", label, 256);
  check_text("note", note, 1024);
}

}  // namespace mongoelector::internal
