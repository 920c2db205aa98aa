#include "cli/script_lease.h"

#include "base/text.h"

namespace mongoelector::cli {

void ScriptLease::answer(Context& context) const {
  if (!context.out.json()) {
    context.out.answer(to_string(lease->token) + "\n");
    return;
  }
  Json document = new_document("mongoelector.lease/1");
  document["store"] = {{"uri", store}};
  document["kind"] = to_string(lease->key.kind());
  document["name"] = lease->key.name();
  document["token"] = to_string(lease->token);
  document["holder"] = holder_json(holder);
  document["lease_ttl_seconds"] = seconds_json(lease->ttl);
  document["expires_at"] = time_json(expires_at);
  context.out.answer_document(document);
}

ScriptLease renew_lease(const Connection& connection, const Lease& lease, const Holder& holder) {
  LeaseStore& store = connection.session->store();
  const WallTime before = connection.session->clock().wall();
  RenewReply reply = store.renew({&lease, 1});
  if (reply.outcomes.front() == Outcome::unknown) reply = store.renew({&lease, 1});
  const Outcome outcome = reply.outcomes.front();
  const std::string key = internal::show_key(lease.key);
  if (outcome == Outcome::lost) throw Failure(Exit::busy, key + " was lost meanwhile");
  require_answer(outcome, reply.detail, "renewing " + key);
  return {.lease = lease,
          .holder = holder,
          .store = connection.uri,
          .expires_at = before + std::chrono::duration_cast<WallTime::duration>(lease.ttl)};
}

}  // namespace mongoelector::cli
