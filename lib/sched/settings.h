// The master's settings and the limits of everything it keeps. Values; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "wire/version.h"

namespace psmith::sched {

struct Settings {
  Duration heartbeat = std::chrono::seconds(1);
  std::uint32_t liveness = 4;  // heartbeats that may be missed
  // How long a job waits for servers or workers before it fails (69).
  Duration job_timeout = std::chrono::seconds(60);
  // How long an import waits without a sign of its client or its lanes.
  Duration import_timeout = std::chrono::minutes(10);
  std::string listen;             // for the first event
  std::uint64_t incarnation = 0;  // random; a journal's own goes before it
  std::uint32_t wire_version = wire::kWireVersion;  // nodes must speak it too
};

// How long the nodes of a journal have to be heard again, at least.
inline constexpr Duration kReturn = std::chrono::seconds(5);

inline constexpr std::size_t kNodeMax = 4096;
inline constexpr std::size_t kLanePerNodeMax = 256;
inline constexpr std::size_t kQueueMax = 64;          // jobs that are not over
inline constexpr std::size_t kLiveMax = 256;          // live models
inline constexpr std::size_t kEndedMax = 1000;        // ended jobs still listed
inline constexpr std::size_t kCheckpointOpenMax = 4;  // of a job, not whole
inline constexpr std::size_t kFollowerMax = 64;
inline constexpr std::size_t kEventMax = 10000;
inline constexpr std::size_t kEventPlainMax = kEventMax / 2;
inline constexpr std::size_t kEventBatchMax = 256;  // events of one EventsOk
inline constexpr std::size_t kTextMax = 512;        // bytes of a peer's text
inline constexpr std::size_t kNameMax = 128;
inline constexpr std::size_t kNoteKeptMax =
    256;  // of one job, kept like others

}  // namespace psmith::sched
