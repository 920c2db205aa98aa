// Lock documents: the commands that change them and what their fields say (docs/protocol.md
// section 4). Pure: builds and reads BSON, sends nothing.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mongoelector/store.h"
#include "stores/mongo/bson.h"

namespace mongoelector::internal::mongo {

// Who judges an expiry, and when that is enough.
struct Judging {
  // The member whose clock will judge; empty where it cannot be told (routers).
  std::string judge;
  bool strict = false;  // Takeover::strict
  // Whether being expired by that clock is enough for a record it has stamped itself.
  bool by_clock() const { return !strict && !judge.empty(); }
};

// What Python holders, who write their own clock's time and notice a loss at their next poll, get
// beyond their expiry. `ttl` is the challenger's.
Duration python_grace(Duration ttl);

// One findAndModify: takes the key if it may, else leaves it; answers with the document as it is
// afterwards.
Bson claim_command(const std::string& collection, const ClaimRequest& request,
                   const Judging& judging);
// One update. `leases` (not empty, one collection) are extended where they are still ours and not
// expired: those in `unmarked` by a statement each that also stores the token, the others by one
// statement for each ttl.
struct Renewal {
  std::vector<const Lease*> leases;
  std::vector<const Lease*> unmarked;
};
Bson renew_command(const std::string& collection, const Renewal& renewal, const std::string& judge);
// One delete of the document of `key` whose `field` is `value`.
Bson delete_command(const std::string& collection, std::string_view key, std::string_view field,
                    std::string_view value);

// What find needs to show records with the server's time and judgement: every row holds the
// document as `doc`, the time as `now` and whether a claim would take it as `free`.
Bson shown_as_rows(const Judging& judging);
Bson key_filter(std::string_view key);
Bson prefix_filter(const std::string& prefix);
Bson leases_filter(std::span<const Lease* const> leases);  // those still ours and not expired

// A document nobody holds anything by: what is left when only _id is there.
struct Vacant {};
// A document we do not understand, and why.
struct Damaged {
  std::string why;
};
using Decoded = std::variant<Vacant, Damaged, Record>;

// `remaining` is zero: the document does not say what time it is.
Decoded decode(Kind kind, const bson_t& document);
Decoded decode_row(Kind kind, const bson_t& row);
// How a message names the document.
std::string named(Kind kind, const bson_t& document);

}  // namespace mongoelector::internal::mongo
