// The rows of mongoelector/records.h as documents. Pure: builds and reads BSON, sends nothing.
//
// elector.history: _id = {key, token}, swept 30 days after `ts_written`, the server's time.
// elector.control: _id = key, never removed, or a version could come again.
// Beside the locks, .waiters: _id = {key, uuid}, until `ts_expire` by the server's time; whoever
// waits no more removes what others left behind, so no index is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "mongoelector/records.h"
#include "stores/mongo/bson.h"

namespace mongoelector::internal::mongo {

// One update that leaves what is as final.
Bson term_command(const std::string& collection, const TermRow& row);
bool term_written(const bson_t& reply);
Bson terms_filter(const Key& key, WallTime since);
Bson newest_first(std::size_t limit);
// Nothing for a document we do not understand.
std::optional<TermRow> decode_term(const Key& key, const bson_t& document);

// One update on the condition that the version is still row.version. Where there must be none, a
// row that is there after all is answered as a duplicate key.
Bson control_command(const std::string& collection, const ControlRow& row);
// What find needs to show a row with the server's time: `doc` and `now`.
Bson with_time();
std::optional<ControlRow> decode_control(const Key& key, const bson_t& document);

// One write, or one removal.
Bson waiters_command(const std::string& collection, const WaitersRow& row);
Bson waiters_filter();
// Adds what one document says.
void count_waiters(const std::string& prefix, const bson_t& document,
                   std::map<Key, std::int64_t>& waiting);

}  // namespace mongoelector::internal::mongo
