// How a Reader of several threads reads: pieces of the window are parsed by
// its workers and taken in their order. What does not divide into lines
// (quotes, records longer than a piece) and what trickles in is left to the
// reading thread, as if there were no workers.
#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "data/piece.h"
#include "data/reader.h"
#include "data/row_count.h"
#include "data/workers.h"

namespace psmith::data {
namespace {

// Less text than this is read faster by one thread.
constexpr std::size_t kPieceMin = std::size_t{32} << 10;

}  // namespace

// A piece on its way, with a parser of its own.
struct Reader::Flight {
  Piece piece;
  std::unique_ptr<RecordParser> parser;
  std::uint64_t input = 0;  // that the parser is for; 0: none yet
  Workers::Ticket ticket;
  // What next() has taken of it.
  std::size_t row = 0, flaw = 0;
};

Reader::Reader(ReaderOptions options)
    : options_(std::move(options)),
      flight_max_(std::max(1U, options_.threads) + 2) {
  if (options_.threads > 1) {
    workers_ = std::make_unique<Workers>(options_.threads);
  }
}

Reader::~Reader() {
  workers_.reset();  // its tasks use what is in flight
}

Result<std::optional<std::uint64_t>> Reader::row_count() {
  if (schema_.format != Format::libsvm || options_.skip_max > 0) {
    return std::optional<std::uint64_t>();
  }
  return count_libsvm_rows(options_.inputs, workers_.get(), options_.stop);
}

// Text for one more piece is in the window; its size, or 0: not now.
std::size_t Reader::piece_size() {
  if (!parser_ || !parser_->divisible() || taken_bytes_ < undivided_bytes_) {
    return 0;
  }
  while (window_->text().size() < kPieceBytes && !window_->ended()) {
    const bool patient = flights_.empty() && !options_.max_delay;
    if (!patient && !window_->ready(Duration::zero())) break;
    if (!window_->fill()) break;  // it says so again
  }
  const auto text = window_->text();
  if (text.size() < kPieceMin) return 0;
  const auto size = text.rfind('\n') + 1;
  const bool divides =
      size > 0 && (schema_.format != Format::csv ||
                   std::memchr(text.data(), '"', size) == nullptr);
  if (!divides) undivided_bytes_ = taken_bytes_ + text.size();
  return divides ? size : 0;
}

// Sends pieces off while there is text and room.
void Reader::send_pieces() {
  while (workers_ && flights_.size() < flight_max_) {
    const auto size = piece_size();
    if (size == 0) return;
    std::unique_ptr<Flight> flight;
    if (landed_.empty()) {
      flight = std::make_unique<Flight>();
    } else {
      flight = std::move(landed_.back());
      landed_.pop_back();
    }
    auto& piece = flight->piece;
    piece.begin = window_->take(size, piece.buffer);
    piece.end = piece.begin + size;
    taken_bytes_ += size;
    if (flight->input != input_ + 1) {
      flight->parser = parser_->clone();
      flight->input = input_ + 1;
    }
    begin_block(piece.block);
    flight->row = flight->flaw = 0;
    auto* const in_air = flight.get();
    flights_.push_back(std::move(flight));  // first: it outlasts its task
    in_air->ticket = workers_->start([in_air, keep_text = options_.keep_text] {
      parse_piece(*in_air->parser, keep_text, in_air->piece);
    });
  }
}

// Takes records of the oldest piece, if there is one, into the block; or that
// piece's whole block, and then no more. bytes: grows by those of used pieces.
Result<Reader::Taken> Reader::take_pieces(std::size_t record_max,
                                          RawBlock& block, std::size_t& bytes) {
  send_pieces();
  if (flights_.empty()) return Taken::nothing;
  auto& flight = *flights_.front();
  auto& piece = flight.piece;
  workers_->wait(flight.ticket);
  if (block.record_count == 0) block_begun_ = SteadyClock().now();
  const auto rows = piece.block.row_count;
  const bool whole = block.record_count == 0 && flight.row == 0 && rows > 0 &&
                     rows <= record_max &&
                     !(options_.keep_bad && !piece.flaws.empty());
  if (whole) {
    std::swap(block, piece.block);
    flight.row = rows;
    record_count_ += rows;
  }
  while (block.record_count < record_max || whole) {
    const bool flawed = flight.flaw < piece.flaws.size();
    const auto to = flawed ? piece.flaws[flight.flaw].row : rows;
    if (flight.row < to) {
      const auto count =
          std::min(to - flight.row, record_max - block.record_count);
      append_rows(piece.block, flight.row, flight.row + count, block);
      flight.row += count;
      record_count_ += count;
    } else if (flawed) {
      auto& flaw = piece.flaws[flight.flaw++];
      PSM_DO(refuse(flaw.fault,
                    format("{}:{}:{}: {}", window_->name(), line_ + flaw.line,
                           flaw.column, flaw.message),
                    flaw.text, block));
    } else {
      line_ += piece.lines;
      bytes += piece.text().size();
      landed_.push_back(std::move(flights_.front()));
      flights_.pop_front();
      break;
    }
  }
  return whole ? Taken::block : Taken::records;
}

}  // namespace psmith::data
