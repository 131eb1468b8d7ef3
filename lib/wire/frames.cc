#include "wire/frames.h"

#include <algorithm>
#include <new>

#include "base/format.h"
#include "wire/codec.h"
#include "wire/limits.h"

namespace psmith::wire {
namespace {

// The part [begin, begin + size) of a blob, with the same owner.
Blob slice(const Blob& blob, std::size_t begin, std::size_t size) {
  return Blob(blob.owner(), blob.bytes().subspan(begin, size));
}

// Hands out frames until they hold just what a blob claims.
class Joiner {
 public:
  explicit Joiner(std::span<const Blob> frames) : frames_(frames) {}

  Result<Blob> take(std::uint64_t size) {
    std::size_t count = 0;
    std::uint64_t held = 0;
    while (held < size && count < frames_.size()) {
      const auto bytes = frames_[count++].size();
      if (bytes == 0) return Error{Code::corrupt, "an empty frame"};
      held += bytes;
    }
    if (held != size) {
      return error(Code::corrupt, "a blob of {} bytes has frames of {}", size,
                   held);
    }
    const auto parts = frames_.first(count);
    frames_ = frames_.subspan(count);
    return join(parts, static_cast<std::size_t>(size));
  }
  bool done() const { return frames_.empty(); }

 private:
  static Blob join(std::span<const Blob> parts, std::size_t size) {
    if (parts.empty()) return {};
    if (parts.size() == 1) return parts.front();
    std::vector<std::byte> whole;
    whole.reserve(size);
    for (const auto& part : parts) {
      whole.insert(whole.end(), part.bytes().begin(), part.bytes().end());
    }
    return Blob::of(std::move(whole));
  }

  std::span<const Blob> frames_;
};

Status check_sum(std::span<const std::uint64_t> sizes) {
  std::uint64_t left = kMessageBytesMax;
  for (const auto size : sizes) {
    if (size > left) {
      return error(Code::corrupt, "blobs of more than {} bytes together",
                   kMessageBytesMax);
    }
    left -= size;
  }
  return Done{};
}

Result<Message> join_message(std::span<const Blob> frames) {
  if (frames.empty()) return Error{Code::corrupt, "no header frame"};
  if (frames.size() > kFrameCountMax) {
    return Error{Code::corrupt, "too many frames"};
  }
  PSM_TRY(const auto header, decode_header(frames.front().bytes()));
  PSM_DO(check_sum(header.blob_bytes));
  PSM_TRY(auto body, decode_body(frames.front().bytes(), header));
  Message message{std::move(body), {}};
  Joiner joiner(frames.subspan(1));
  for (const auto size : header.blob_bytes) {
    PSM_TRY(auto blob, joiner.take(size));
    message.blobs.push_back(std::move(blob));
  }
  if (!joiner.done()) return Error{Code::corrupt, "frames of no blob"};
  return message;
}

Result<std::vector<Blob>> cut_message(const Message& message, Cut cut) {
  std::vector<std::uint64_t> sizes;
  std::uint64_t total = 0;
  for (const auto& blob : message.blobs) {
    sizes.push_back(blob.size());
    total += blob.size();
  }
  if (total > kMessageBytesMax) {
    return error(Code::exhausted, "a message of {} bytes, the limit is {}",
                 total, kMessageBytesMax);
  }
  PSM_TRY(auto header, encode_header(message.body, sizes));
  std::vector<Blob> frames;
  frames.reserve(1 + message.blobs.size());
  frames.push_back(Blob::of(std::move(header)));
  for (const auto& blob : message.blobs) {
    const auto step = cut == Cut::yes ? kBlobFrameBytesMax : blob.size();
    for (std::size_t begin = 0; begin < blob.size(); begin += step) {
      frames.push_back(slice(blob, begin, std::min(step, blob.size() - begin)));
    }
  }
  return frames;
}

}  // namespace

Result<std::vector<Blob>> to_frames(const Message& message, Cut cut) {
  try {
    return cut_message(message, cut);
  } catch (const std::bad_alloc&) {
    return Error{Code::unavailable, "no memory for a message"};
  }
}

Result<Message> from_frames(std::span<const Blob> frames) {
  try {
    return join_message(frames);
  } catch (const std::bad_alloc&) {
    return Error{Code::exhausted, "no memory for a message"};
  }
}

}  // namespace psmith::wire
