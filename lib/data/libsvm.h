// LibsvmParser: "label index:value index:value ... # comment", one row a line.
// Indices are decimal, below 2^64, and grow within a row. Blank lines and
// lines of comment are no records. One thread.
#pragma once

#include <utility>

#include "data/record.h"

namespace psmith::data {

class LibsvmParser final : public RecordParser {
 public:
  // known: as unknown_label() takes it.
  explicit LibsvmParser(LabelUse labels, std::vector<float> known = {})
      : labels_(labels), known_(std::move(known)) {
    if (labels == LabelUse::required) labelled_ = true;
  }

  Parsed parse(std::string_view record, RawBlock& block) override;
  std::size_t run(std::string_view text, const RunLimit& limit,
                  RawBlock& block) override;
  bool divisible() const override {
    return labels_ == LabelUse::ignored || labelled_.has_value();
  }
  std::unique_ptr<RecordParser> clone() const override {
    return std::make_unique<LibsvmParser>(*this);
  }

 private:
  std::optional<Flaw> parse_label(std::string_view record, const char*& p,
                                  RawBlock& block);

  const LabelUse labels_;
  const std::vector<float> known_;
  std::optional<bool> labelled_;  // unset: the first row will decide
};

}  // namespace psmith::data
