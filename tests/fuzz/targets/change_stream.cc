// Replies of a change stream, however they look: hints at most, and only keys that can be keys.
#include "stores/mongo/change_stream.h"

#include "fuzz/documents.h"
#include "fuzz/fuzz.h"

using namespace mongoelector;
using namespace mongoelector::internal::mongo;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = fuzz::document_of(data, size);
  if (!reply) return 0;
  const Names names{.database = "d", .locks = "mongolocker", .elections = "elector.locks"};
  const Batch batch = read_batch(names, *reply);
  fuzz::require(!batch.hints.ended, "a reply that ends all watching");
  StartPoint start{.settled = settled_time(*reply)};
  if (batch.token) start.token.emplace(**batch.token);
  static_cast<void>(open_command(names, {Key::election("e")}, start));
  static_cast<void>(more_command(batch.cursor, kQuietAnswer));
  return 0;
}
