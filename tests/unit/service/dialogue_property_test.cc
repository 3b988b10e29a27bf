// SPDX-License-Identifier: Apache-2.0
//
// What holds of every conversation, however it is cut into segments.
#include <gtest/gtest.h>

#include "deterministic_random.h"
#include "hello_builder.h"
#include "record_builder.h"
#include "transcripts.h"

namespace shakedown::service {
namespace {

using test_support::DeterministicRandom;
using OwnedBytes = test_support::Bytes;

/// Everything that a caller may read.
struct Seen {
  StartTls kind = StartTls::none;
  Progress progress = Progress::talking;
  std::uint16_t code = 0;
  std::uint32_t client_bytes = 0;
  std::uint32_t server_bytes = 0;

  bool operator==(const Seen&) const = default;
};

Seen seen_of(const Dialogue& dialogue) {
  return {dialogue.kind, dialogue.progress, dialogue.code, dialogue.client_bytes,
          dialogue.server_bytes};
}

void say(Dialogue& dialogue, Party from, Bytes bytes, std::size_t cut) {
  on_bytes(dialogue, from, bytes.first(cut));
  on_bytes(dialogue, from, bytes.subspan(cut));
}

std::uint32_t bytes_from(const Conversation& conversation, Party from) {
  std::size_t count = 0;
  for (const Turn& turn : conversation) count += turn.from == from ? turn.bytes.size() : 0;
  return static_cast<std::uint32_t>(count);
}

OwnedBytes client_hello() {
  return test_support::handshake_record(
      test_support::ClientHelloBuilder::tls13("a.example").build(), 0x0301);
}

TEST(EveryDialogue, EndsAsItsTranscriptSays) {
  for (const Transcript& transcript : transcripts()) {
    const Dialogue dialogue = held(transcript.kind, transcript.conversation);
    EXPECT_EQ(dialogue.progress, transcript.progress) << transcript.name;
    EXPECT_EQ(dialogue.code, transcript.code) << transcript.name;
  }
}

TEST(EveryDialogue, IsTheSameForEveryCutOfOneTurn) {
  for (const Transcript& transcript : transcripts()) {
    const Seen expected = seen_of(held(transcript.kind, transcript.conversation));
    for (std::size_t cut_turn = 0; cut_turn < transcript.conversation.size(); ++cut_turn) {
      const std::size_t size = transcript.conversation[cut_turn].bytes.size();
      for (std::size_t cut = 0; cut <= size; ++cut) {
        Dialogue dialogue{.kind = transcript.kind};
        for (std::size_t i = 0; i < transcript.conversation.size(); ++i) {
          const Turn& turn = transcript.conversation[i];
          say(dialogue, turn.from, turn.bytes, i == cut_turn ? cut : 0);
        }
        ASSERT_EQ(seen_of(dialogue), expected) << transcript.name << " " << cut_turn << " " << cut;
      }
    }
  }
}

TEST(EveryDialogue, IsTheSameByteByByte) {
  for (const Transcript& transcript : transcripts()) {
    Dialogue dialogue{.kind = transcript.kind};
    for (const Turn& turn : transcript.conversation) {
      for (const std::uint8_t byte : turn.bytes) on_bytes(dialogue, turn.from, Bytes(&byte, 1));
    }
    EXPECT_EQ(seen_of(dialogue), seen_of(held(transcript.kind, transcript.conversation)))
        << transcript.name;
  }
}

TEST(EveryDialogue, IsDecidedByItsLastByteAndNotBefore) {
  for (const Transcript& transcript : transcripts()) {
    if (transcript.progress != Progress::accepted) continue;
    Conversation cut = transcript.conversation;
    cut.back().bytes.pop_back();
    const Progress before = progress_of(transcript.kind, cut);
    EXPECT_TRUE(before == Progress::talking || before == Progress::asked) << transcript.name;
  }
}

TEST(EveryDialogue, SaysWhereTlsBegins) {
  for (const Transcript& transcript : transcripts()) {
    if (transcript.progress != Progress::accepted) continue;
    const Dialogue dialogue = held(transcript.kind, transcript.conversation);
    EXPECT_EQ(dialogue.client_bytes, bytes_from(transcript.conversation, Party::client))
        << transcript.name;
    EXPECT_EQ(dialogue.server_bytes, bytes_from(transcript.conversation, Party::server))
        << transcript.name;
  }
}

TEST(EveryDialogue, IsNotConfusedByTlsBehindTheRequestAndBehindTheAnswer) {
  for (const Transcript& transcript : transcripts()) {
    if (transcript.progress != Progress::accepted && transcript.progress != Progress::refused)
      continue;
    Conversation eager = transcript.conversation;
    // The last turn of each side, in which the client asks and the server answers.
    bool client_done = false;
    for (auto turn = eager.rbegin(); turn != eager.rend(); ++turn) {
      if (turn->from != Party::client || client_done) continue;
      client_done = true;
      Dialogue dialogue{.kind = transcript.kind};
      for (auto before = eager.begin(); &*before <= &*turn; ++before) {
        on_bytes(dialogue, before->from, before->bytes);
      }
      // A client that is still authenticating has not asked yet.
      if (dialogue.progress == Progress::talking) continue;
      turn->bytes = test_support::concatenate({turn->bytes, client_hello()});
    }
    eager.push_back(server(client_hello()));
    EXPECT_EQ(seen_of(held(transcript.kind, eager)),
              seen_of(held(transcript.kind, transcript.conversation)))
        << transcript.name;
  }
}

TEST(EveryDialogue, ConcludesNothingBehindAGap) {
  for (const Transcript& transcript : transcripts()) {
    for (std::size_t gap = 0; gap < transcript.conversation.size(); ++gap) {
      Dialogue dialogue{.kind = transcript.kind};
      for (std::size_t i = 0; i < gap; ++i) {
        on_bytes(dialogue, transcript.conversation[i].from, transcript.conversation[i].bytes);
      }
      const Progress before = dialogue.progress;
      on_gap(dialogue, transcript.conversation[gap].from);
      for (std::size_t i = gap; i < transcript.conversation.size(); ++i) {
        on_bytes(dialogue, transcript.conversation[i].from, transcript.conversation[i].bytes);
      }
      EXPECT_EQ(dialogue.progress, before) << transcript.name << " " << gap;
    }
  }
}

TEST(EveryDialogue, EndsAtItsLimit) {
  const OwnedBytes text(kDialogueBytesMax - 1, 'x');
  for (const Party from : {Party::client, Party::server}) {
    for (const StartTls kind : {StartTls::smtp, StartTls::imap, StartTls::pop3, StartTls::xmpp}) {
      Dialogue dialogue{.kind = kind};
      EXPECT_EQ(on_bytes(dialogue, from, text), Progress::talking);
      EXPECT_EQ(on_bytes(dialogue, from, Bytes(text).first(1)), Progress::talking);
      EXPECT_EQ(on_bytes(dialogue, from, Bytes(text).first(1)), Progress::over);
    }
  }
}

TEST(EveryDialogue, StaysAskedWhenTheAnswerWasLost) {
  Dialogue dialogue = held(StartTls::smtp, {server("220 a ESMTP\r\n"), client("STARTTLS\r\n")});
  on_gap(dialogue, Party::server);
  EXPECT_EQ(on_bytes(dialogue, Party::server, OwnedBytes(3 * kDialogueBytesMax, 'x')),
            Progress::asked);
}

TEST(EveryDialogue, ReachesNoAcceptanceFromOneSideAloneButForMysql) {
  for (const Transcript& transcript : transcripts()) {
    for (const Party from : {Party::client, Party::server}) {
      Dialogue dialogue{.kind = transcript.kind};
      for (const Turn& turn : transcript.conversation) {
        if (turn.from == from) on_bytes(dialogue, turn.from, turn.bytes);
      }
      // Whoever asks MySQL does not wait; whoever is turned away by SOCKS need not be seen asking.
      if (transcript.kind == StartTls::mysql || transcript.kind == StartTls::socks) continue;
      EXPECT_NE(dialogue.progress, Progress::accepted) << transcript.name;
      EXPECT_NE(dialogue.progress, Progress::refused) << transcript.name;
    }
  }
}

TEST(EveryDialogue, SurvivesDamage) {
  DeterministicRandom random(20240611);
  for (const Transcript& transcript : transcripts()) {
    for (unsigned round = 0; round < 200; ++round) {
      Conversation damaged = transcript.conversation;
      OwnedBytes& bytes = damaged[random.below(damaged.size())].bytes;
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.next());
      const Dialogue dialogue = held(transcript.kind, damaged);
      EXPECT_LE(dialogue.client_bytes, bytes_from(damaged, Party::client));
      EXPECT_LE(dialogue.server_bytes, bytes_from(damaged, Party::server));
    }
  }
}

}  // namespace
}  // namespace shakedown::service
