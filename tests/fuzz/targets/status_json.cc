// What `status --json` prints of any record: valid JSON that says the same when it is printed
// again, and the text beside it without control characters.
#include "cli/output.h"
#include "cli/views.h"
#include "fuzz/fuzz.h"
#include "mongoelector/memory_store.h"
#include "mongoelector/options.h"
#include "support/faulty_store.h"

using namespace mongoelector;
using fuzz::require;

namespace {

// Answers with one member row.
class OneMember : public test::FaultyStore {
 public:
  explicit OneMember(NodeStatus row)
      : FaultyStore(make_memory_store()), row_(std::move(row)) {}
  MembersReply members(const Key&) override {
    return {.outcome = Outcome::granted, .members = {row_}};
  }

 private:
  const NodeStatus row_;
};

// As far as a store lets through.
WallTime time_of(fuzz::Input& input) {
  return WallTime(std::chrono::milliseconds(input.integer() % 4'500'000'000'000));
}
Duration ttl_of(fuzz::Input& input) {
  return std::chrono::milliseconds(std::abs(input.integer() % (30LL * 24 * 3600 * 1000)));
}

void check(const cli::Json& document, const std::string& text) {
  const std::string printed = cli::to_text(document);
  require(cli::to_text(cli::Json::parse(printed)) == printed, "printed in two ways");
  for (const char byte : text + printed)
    require(static_cast<unsigned char>(byte) >= 0x20 || byte == '\n', "a control character");
  for (const char byte : printed)
    require(static_cast<unsigned char>(byte) < 0x7f, "JSON that is not plain ASCII");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  NodeStatus row{.uuid = input.text(), .key = Key::election("e"), .host = input.text()};
  row.label = input.text();
  row.app_version = input.text();
  row.pid = input.integer();
  row.ttl = ttl_of(input);
  row.timestamp = time_of(input);
  Record record{.key = row.key, .lease_id = LeaseId("l"), .token = Token(7)};
  record.holder = {input.byte() % 2 == 0 ? row.uuid : "other", row.host, row.pid, row.label,
                   input.text()};
  record.ttl = ttl_of(input);
  record.created_at = time_of(input);
  record.expires_at = time_of(input);
  record.remaining = record.expires_at - time_of(input);
  record.claimable = input.byte() % 2 == 1;
  const cli::Connection connection{
      .session = std::make_shared<Session>(std::make_shared<OneMember>(row)), .uri = "memory:"};
  const cli::LockView lock(connection, Key::lock("l"), record);
  const cli::Output out;
  check(lock.json(), lock.text(out));
  const cli::ElectionView election(connection, row.key, record);
  check(election.json(), election.text(out));
  return 0;
}
