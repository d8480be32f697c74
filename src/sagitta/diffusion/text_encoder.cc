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
  EmbeddingSet(const EmbeddingFinder& finder, const models::ClipSpec& spec)
      : finder_(finder), spec_(spec) {}

  std::optional<text::EmbeddingInfo> operator()(std::string_view name) {
    std::shared_ptr<const Array> found = finder_ ? finder_(name, spec_.key, spec_.width) : nullptr;
    if (!found) return std::nullopt;
    names_.emplace_back(name);
    embeddings_.push_back(std::move(found));
    return text::EmbeddingInfo{.index = static_cast<std::int32_t>(embeddings_.size()) - 1,
                               .vectors = static_cast<std::int32_t>(embeddings_.back()->dim(0))};
  }

  // The vector of a token, or null if its width does not fit.
  [[nodiscard]] const float* vector(const text::Token& token) const {
    const std::int64_t width = spec_.width;
    const Array& embedding = *embeddings_.at(static_cast<std::size_t>(token.embedding));
    return embedding.dim(1) == width ? embedding.data() + token.row * width : nullptr;
  }
  [[nodiscard]] const std::string& name(const text::Token& token) const {
    return names_.at(static_cast<std::size_t>(token.embedding));
  }

 private:
  const EmbeddingFinder& finder_;
  const models::ClipSpec& spec_;
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
    } else if (const float* vector = embeddings.vector(token)) {
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

// A prompt as one encoder reads it.
class EncoderPrompt {
 public:
  EncoderPrompt(const Clip& clip, const models::ClipTextModel& model, std::string_view prompt)
      : clip_(clip), model_(model), embeddings_(clip.embeddings, model.spec()) {
    text::EmbeddingLookup lookup;
    if (clip.embeddings) lookup = [this](std::string_view name) { return embeddings_(name); };
    tokens_ = text::tokenize_prompt(*clip.tokenizer, prompt,
                                    {.pad = model.spec().pad, .embeddings = std::move(lookup)});
    for (const std::string& name : tokens_.missing_embeddings) {
      log(LogLevel::warning, "embedding '{}' does not exist: left out", name);
    }
  }
  EncoderPrompt(const EncoderPrompt&) = delete;
  EncoderPrompt& operator=(const EncoderPrompt&) = delete;

  [[nodiscard]] std::size_t chunks() const { return tokens_.chunks.size(); }
  void fill_up(std::size_t chunks) {
    while (tokens_.chunks.size() < chunks) tokens_.chunks.push_back(empty());
  }
  [[nodiscard]] EncodedText encode() const;

 private:
  [[nodiscard]] int begin_id() const { return clip_.tokenizer->begin_id(); }
  [[nodiscard]] int end_id() const { return clip_.tokenizer->end_id(); }
  [[nodiscard]] int pad_id() const { return model_.spec().pad.value_or(end_id()); }
  [[nodiscard]] text::Chunk empty() const { return empty_chunk(begin_id(), end_id(), pad_id()); }

  const Clip& clip_;
  const models::ClipTextModel& model_;
  EmbeddingSet embeddings_;
  text::TokenizedPrompt tokens_;
};

bool is_weighted(const text::Chunk& chunk) {
  return std::any_of(chunk.begin(), chunk.end(), [](const text::Token& t) { return t.weight != 1; });
}

// Moves the vectors of weighted tokens away from those of an empty prompt. context: (1, chunks * 77,
// width); empty: 77 * width.
void apply_weights(Array& context, const std::vector<EmbeddedChunk>& chunks, const float* empty) {
  const std::int64_t width = context.dim(2);
  constexpr auto kTokens = static_cast<std::int64_t>(text::kChunkTokens);
  for (std::int64_t position = 0; position < context.dim(1); ++position) {
    const auto& weights = chunks[static_cast<std::size_t>(position / kTokens)].weights;
    const auto weight = static_cast<float>(weights[static_cast<std::size_t>(position % kTokens)]);
    if (weight == 1) continue;
    float* z = context.data() + position * width;
    const float* z_empty = empty + position % kTokens * width;
    for (std::int64_t i = 0; i < width; ++i) z[i] = (z[i] - z_empty[i]) * weight + z_empty[i];
  }
}

EncodedText EncoderPrompt::encode() const {
  const std::int64_t width = model_.spec().width;
  std::vector<text::Chunk> chunks = tokens_.chunks;
  const bool weighted = std::any_of(chunks.begin(), chunks.end(), is_weighted);
  if (weighted) chunks.push_back(empty());

  constexpr auto kTokens = static_cast<std::int64_t>(text::kChunkTokens);
  std::vector<EmbeddedChunk> embedded;
  std::vector<float> values;
  for (const text::Chunk& chunk : chunks) {
    embedded.push_back(embed(chunk, model_, embeddings_, end_id(), pad_id()));
    values.insert(values.end(), embedded.back().values.begin(), embedded.back().values.end());
  }
  const auto output = model_(
      *clip_.device,
      Array({static_cast<std::int64_t>(chunks.size()), kTokens, width}, std::move(values)), clip_.layer);

  EncodedText encoded;
  const auto rows = static_cast<std::int64_t>(this->chunks());
  encoded.context = output.hidden.slice(0, rows).reshaped({1, rows * kTokens, width});
  if (weighted) apply_weights(encoded.context, embedded, output.hidden.data() + rows * kTokens * width);
  const float* end = output.last.data() + static_cast<std::int64_t>(embedded[0].end_position) * width;
  encoded.pooled =
      model_.project(*clip_.device, Array({1, width}, std::vector<float>(end, end + width)));
  return encoded;
}

// Contexts side by side, (1, T, A) and (1, U, B) to (1, min(T, U), A + B).
Array join_widths(const Array& a, const Array& b) {
  const std::int64_t tokens = std::min(a.dim(1), b.dim(1));
  Array out({1, tokens, a.dim(2) + b.dim(2)});
  float* to = out.data();
  for (std::int64_t t = 0; t < tokens; ++t) {
    to = std::copy_n(a.data() + t * a.dim(2), a.dim(2), to);
    to = std::copy_n(b.data() + t * b.dim(2), b.dim(2), to);
  }
  return out;
}

EncodedText join(std::vector<EncodedText> parts) {
  EncodedText all = std::move(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    all.context = join_widths(all.context, parts[i].context);
    all.pooled = std::move(parts[i].pooled);
  }
  return all;
}

const models::ClipTextModel& encoder_of(const Clip& clip, std::string_view key) {
  for (const auto& encoder : clip.encoders) {
    if (encoder.spec().key == key) return *encoder;
  }
  throw Error(Fault::bad_input,
              fmt::format("a prompt for each of SDXL's text encoders needs both, and this CLIP has no "
                          "{}: it belongs to another kind of model",
                          key));
}

}  // namespace

EncodedText encode_text(const Clip& clip, const models::ClipTextModel& encoder,
                        std::string_view prompt) {
  return EncoderPrompt(clip, encoder, prompt).encode();
}

EncodedText encode_text(const Clip& clip, std::string_view prompt) {
  require(!clip.encoders.empty(), Fault::internal, "a CLIP without text encoders");
  std::vector<EncodedText> parts;
  for (const auto& encoder : clip.encoders) parts.push_back(encode_text(clip, *encoder, prompt));
  return join(std::move(parts));
}

EncodedText encode_text(const Clip& clip, const SdxlPrompt& prompt) {
  EncoderPrompt l(clip, encoder_of(clip, "clip_l"), prompt.l);
  EncoderPrompt g(clip, encoder_of(clip, "clip_g"), prompt.g);
  l.fill_up(g.chunks());
  g.fill_up(l.chunks());
  std::vector<EncodedText> parts;
  parts.push_back(l.encode());
  parts.push_back(g.encode());
  return join(std::move(parts));
}

Conditioning encode_prompt(const Clip& clip, std::string_view prompt) {
  Conditioning conditioning = as_conditioning(encode_text(clip, prompt));
  conditioning.front().tokens = token_texts(*clip.tokenizer, prompt);
  return conditioning;
}

Conditioning as_conditioning(EncodedText encoded) {
  return {{.context = std::make_shared<const Array>(std::move(encoded.context)),
           .pooled = std::make_shared<const Array>(std::move(encoded.pooled))}};
}

}  // namespace sagitta
