// Exit statuses, the same in every program: psmith(7), EXIT STATUS.
#pragma once

namespace psmith::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kPartial = 3;
inline constexpr int kBadData = 65;
inline constexpr int kNoInput = 66;
inline constexpr int kUnavailable = 69;
inline constexpr int kInternal = 70;
inline constexpr int kCannotCreate = 73;
inline constexpr int kIoError = 74;
inline constexpr int kNotAllowed = 77;
inline constexpr int kBadConfig = 78;
inline constexpr int kTimedOut = 124;
// 128 + SIGPIPE: the reader of stdout went away. run() ends quietly.
inline constexpr int kPipeClosed = 141;

}  // namespace psmith::cli
