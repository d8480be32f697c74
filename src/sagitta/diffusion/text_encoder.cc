#include "sagitta/diffusion/text_encoder.h"

#include "sagitta/base/error.h"
#include "sagitta/base/log.h"
#include "sagitta/diffusion/token_texts.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sagitta {
namespace {

// The embeddings a prompt names, in the order in which the tokenizer asks for them.
class EmbeddingSet {
 public:
  explicit EmbeddingSet(const EmbeddingFinder& finder) : finder_(finder) {}

  std::optional<text::EmbeddingInfo> operator()(std::string_view name) {
    std::shared_ptr<const Array> found = finder_ ? finder_(name) : nullptr;
    if (!found) return std::nullopt;
    names_.emplace_back(name);
    embeddings_.push_back(std::move(found));
    return text::EmbeddingInfo{.index = static_cast<std::int32_t>(embeddings_.size()) - 1,
                               .vectors = static_cast<std::int32_t>(embeddings_.back()->dim(0))};
  }

  // The vector of a token, or null if its width does not fit.
  [[nodiscard]] const float* vector(const text::Token& token, std::int64_t width) const {
    const Array& embedding = *embeddings_.at(static_cast<std::size_t>(token.embedding));
    return embedding.dim(1) == width ? embedding.data() + token.row * width : nullptr;
  }
  [[nodiscard]] const std::string& name(const text::Token& token) const {
    return names_.at(static_cast<std::size_t>(token.embedding));
  }

 private:
  const EmbeddingFinder& finder_;
  std::vector<std::string> names_;
  std::vector<std::shared_ptr<const Array>> embeddings_;
};

// One chunk as the transformer reads it.
struct EmbeddedChunk {
  std::vector<float> values;       // 77 * width
  std::vector<double> weights;     // of the tokens as written, before vectors were left out
  std::size_t end_position = 0;    // of the first end token
};

EmbeddedChunk embed(const text::Chunk& chunk, const models::ClipTextModel& model,
                    const EmbeddingSet& embeddings, int end_id, int pad_id) {
  const std::int64_t width = model.spec().width;
  const auto row = static_cast<std::size_t>(width);
  EmbeddedChunk out;
  bool ended = false;
  const auto append = [&](int id) {
    if (id == end_id && !ended) {
      out.end_position = out.values.size() / row;
      ended = true;
    }
    out.values.resize(out.values.size() + row);
    model.token_embedding(id, std::span(out.values).last(row));
  };
  for (const text::Token& token : chunk) {
    out.weights.push_back(token.weight);
    if (token.id != text::Token::kVector) {
      append(token.id);
    } else if (const float* vector = embeddings.vector(token, width)) {
      out.values.insert(out.values.end(), vector, vector + width);
    } else if (token.row == 0) {
      log(LogLevel::warning, "embedding '{}' has another width than the text encoder's {}: left out",
          embeddings.name(token), width);
    }
  }
  while (out.values.size() < chunk.size() * row) append(pad_id);
  return out;
}

text::Chunk empty_chunk(int begin_id, int end_id, int pad_id) {
  text::Chunk chunk;
  chunk.fill({.id = pad_id});
  chunk[0].id = begin_id;
  chunk[1].id = end_id;
  return chunk;
}

}  // namespace

EncodedText encode_text(const Clip& clip, std::string_view prompt) {
  const models::ClipTextModel& model = *clip.model;
  const std::int64_t width = model.spec().width;
  EmbeddingSet embeddings(clip.embeddings);
  text::TokenizedPrompt tokens = text::tokenize_prompt(
      *clip.tokenizer, prompt,
      {.pad = {}, .embeddings = [&](std::string_view name) { return embeddings(name); }});
  for (const std::string& name : tokens.missing_embeddings) {
    log(LogLevel::warning, "embedding '{}' does not exist: left out", name);
  }
  const int begin_id = clip.tokenizer->begin_id();
  const int end_id = clip.tokenizer->end_id();
  const bool weighted = std::any_of(
      tokens.chunks.begin(), tokens.chunks.end(), [](const text::Chunk& chunk) {
        return std::any_of(chunk.begin(), chunk.end(), [](const text::Token& t) { return t.weight != 1; });
      });
  const std::size_t chunks = tokens.chunks.size();
  if (weighted) tokens.chunks.push_back(empty_chunk(begin_id, end_id, end_id));

  constexpr auto kTokens = static_cast<std::int64_t>(text::kChunkTokens);
  std::vector<EmbeddedChunk> embedded;
  std::vector<float> values;
  for (const text::Chunk& chunk : tokens.chunks) {
    embedded.push_back(embed(chunk, model, embeddings, end_id, end_id));
    values.insert(values.end(), embedded.back().values.begin(), embedded.back().values.end());
  }
  const auto output =
      model(*clip.device,
            Array({static_cast<std::int64_t>(tokens.chunks.size()), kTokens, width}, std::move(values)),
            {.layer = clip.layer, .final_norm = true});

  EncodedText encoded;
  const auto rows = static_cast<std::int64_t>(chunks);
  encoded.context = output.hidden.slice(0, rows).reshaped({1, rows * kTokens, width});
  if (weighted) {
    const float* empty = output.hidden.data() + rows * kTokens * width;
    for (std::int64_t position = 0; position < rows * kTokens; ++position) {
      const auto token = static_cast<std::size_t>(position % kTokens);
      const auto weight = static_cast<float>(
          embedded[static_cast<std::size_t>(position / kTokens)].weights[token]);
      if (weight == 1) continue;
      float* z = encoded.context.data() + position * width;
      const float* z_empty = empty + position % kTokens * width;
      for (std::int64_t i = 0; i < width; ++i) z[i] = (z[i] - z_empty[i]) * weight + z_empty[i];
    }
  }
  const float* end = output.last.data() + static_cast<std::int64_t>(embedded[0].end_position) * width;
  encoded.pooled = Array({1, width}, std::vector<float>(end, end + width));
  return encoded;
}

Conditioning encode_prompt(const Clip& clip, std::string_view prompt) {
  EncodedText encoded = encode_text(clip, prompt);
  return {{.context = std::make_shared<const Array>(std::move(encoded.context)),
           .pooled = std::make_shared<const Array>(std::move(encoded.pooled)),
           .tokens = token_texts(*clip.tokenizer, prompt)}};
}

}  // namespace sagitta
