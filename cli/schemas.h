// What the JSON of this tool follows, each a file in docs/schemas; `version --json` lists them.
#pragma once

#include <array>
#include <string_view>

namespace mongoelector::cli {

inline constexpr std::array<std::string_view, 27> kSchemas{
    "mongoelector.bench/1",
    "mongoelector.config/1",
    "mongoelector.config_path/1",
    "mongoelector.control/1",
    "mongoelector.doctor/1",
    "mongoelector.election/1",
    "mongoelector.event/1",
    "mongoelector.history/1",
    "mongoelector.history_check/1",
    "mongoelector.init/1",
    "mongoelector.lease/1",
    "mongoelector.lease_file/1",
    "mongoelector.list/1",
    "mongoelector.list_item/1",
    "mongoelector.lock/1",
    "mongoelector.log/1",
    "mongoelector.member/1",
    "mongoelector.members/1",
    "mongoelector.nothing/1",
    "mongoelector.release/1",
    "mongoelector.report/1",
    "mongoelector.role/1",
    "mongoelector.role_commands/1",
    "mongoelector.term/1",
    "mongoelector.timing/1",
    "mongoelector.version/1",
    "mongoelector.wait/1",
};

}  // namespace mongoelector::cli
