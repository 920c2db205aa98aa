// Documents of a database that anybody may write to: JSON that becomes BSON, or BSON as it is. They
// are understood or called damaged; what is understood can be written and means the same again.
#include "fuzz/documents.h"
#include "fuzz/fuzz.h"
#include "mongoelector/options.h"
#include "stores/mongo/lock_documents.h"
#include "stores/mongo/record_rows.h"
#include "stores/mongo/status_rows.h"

using namespace mongoelector;
using namespace mongoelector::internal::mongo;
using fuzz::require;

namespace {

// The only statement of an update command.
Bson update_of(const Bson& command) {
  const auto statements = part(*command, "updates");
  return std::move(*part(**part(**statements, "0"), "u"));
}

void check_record(const bson_t& document) {
  for (const Kind kind : {Kind::lock, Kind::election}) {
    const Decoded decoded = decode_row(kind, document);
    static_cast<void>(decode(kind, document));
    static_cast<void>(named(kind, document));
    const auto* record = std::get_if<Record>(&decoded);
    if (record == nullptr) continue;
    require(record->ttl >= Duration::zero() && record->ttl <= kLargestTtl, "a ttl nobody has");
    require(record->expires_at - record->created_at < Duration::max(), "times apart");
    ClaimRequest claim{.key = record->key, .holder = record->holder, .lease_id = LeaseId("l"),
                       .ttl = std::chrono::seconds(1), .stood_still = mark_of(*record)};
    static_cast<void>(claim_command("c", claim, {.judge = "j"}));
  }
}

void check_status(const bson_t& document) {
  const NodeStatus row = decode_status(Key::election("e"), document);
  require(row.ttl >= Duration::zero() && row.ttl <= kLargestTtl, "a ttl nobody has");
  static_cast<void>(report_command("c", row));
}

void check_term(const bson_t& document) {
  const Key key = Key::election("e");
  const auto row = decode_term(key, document);
  if (!row) return;
  // $replaceWith: {$cond: [..., "$$ROOT", {$mergeObjects: [{$literal: ...}, ...]}]}
  const Bson pipeline = update_of(term_command("c", *row));
  const auto replaced = part(**part(*pipeline, "0"), "$replaceWith");
  const auto merged = part(**part(**part(**replaced, "$cond"), "2"), "$mergeObjects");
  const auto again = decode_term(key, **part(**part(**merged, "0"), "$literal"));
  require(again && again->token == row->token && again->holder.uuid == row->holder.uuid &&
              again->start == row->start && again->end == row->end && again->blur == row->blur &&
              again->ended_by == row->ended_by && again->reason == row->reason,
          "a term that reads otherwise when it is written again");
}

void check_control(const bson_t& document) {
  const Key key = Key::election("e");
  const auto row = decode_control(key, document);
  if (!row) return;
  const auto again = decode_control(key, *update_of(control_command("c", *row)));
  // The last version there can be is followed by none.
  if (!again) return require(row->version + 2 > INT64_MAX, "a control row that cannot be read");
  require(again->version == row->version + 1 && again->cordoned == row->cordoned &&
              again->stepdown.has_value() == row->stepdown.has_value() &&
              again->pause.has_value() == row->pause.has_value(),
          "a control row that reads otherwise when it is written again");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = fuzz::document_of(data, size);
  if (!document) return 0;
  check_record(**document);
  check_status(**document);
  check_term(**document);
  check_control(**document);
  return 0;
}
