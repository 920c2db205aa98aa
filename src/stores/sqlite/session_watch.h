// Hints from the kernel: something was given up, or a session has died.
#pragma once

#include <memory>
#include <string>

#include "mongoelector/store.h"

namespace mongoelector::internal {

// Watches the directory of the session files; nullptr when the kernel has no more watches to give.
std::unique_ptr<Watch> make_session_watch(const std::string& directory);

}  // namespace mongoelector::internal
