#include "progress.h"

#include <gmock/gmock.h>

namespace sagitta::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A screen that keeps what is written and a clock that is set by hand.
class Progress : public testing::Test {
 protected:
  ProgressLine make(bool terminal, int columns = 80) {
    return ProgressLine({.terminal = terminal,
                         .columns = columns,
                         .write = [this](std::string_view text) { written_.emplace_back(text); },
                         .now = [this] { return time_; }});
  }

  std::vector<std::string> written_;
  double time_ = 100;
};

TEST_F(Progress, TerminalLineIsRedrawnWithBarSpeedAndTimeLeft) {
  ProgressLine line = make(true);
  line.begin("KSampler");
  time_ = 110;  // ten seconds of preparation do not count for the speed
  line.update(1, 20);
  time_ = 112;
  line.update(5, 20);  // four steps in two seconds: 15 more take 7.5
  EXPECT_EQ(written_.back(),
            "\rKSampler [######..................] 5/20, 2.00 it/s, 00:08 left\x1b[K");
  EXPECT_EQ(written_.size(), 3U);
  line.end();
  EXPECT_EQ(written_.back(), "\n");
}

TEST_F(Progress, SlowStepsAreGivenInSecondsPerStep) {
  ProgressLine line = make(true);
  line.begin("KSampler");
  line.update(1, 3);
  time_ += 4;
  line.update(2, 3);
  EXPECT_THAT(written_.back(), HasSubstr("2/3, 4.00 s/it, 00:04 left"));
  time_ += 4;
  line.update(3, 3);
  EXPECT_THAT(written_.back(), HasSubstr("3/3, 4.00 s/it, took 00:08"));
}

TEST_F(Progress, NamesOfQuickTasksAreWipedFromTheTerminal) {
  ProgressLine line = make(true);
  line.begin("Load Checkpoint");
  line.end();
  EXPECT_THAT(written_, ElementsAre("\rLoad Checkpoint\x1b[K", "\r\x1b[K"));
}

TEST_F(Progress, NeverFillsTheWholeWidth) {
  ProgressLine line = make(true, 20);
  line.begin("a node with a long name");
  EXPECT_EQ(written_.back(), "\ra node with a long \x1b[K");
}

TEST_F(Progress, ElsewherePlainLinesComeNowAndThenAndAtTheEnd) {
  ProgressLine line = make(false);
  line.begin("KSampler");
  for (int step = 1; step <= 10; ++step) {
    time_ += 1;
    line.update(step, 10);
  }
  line.end();
  ASSERT_EQ(written_.size(), 2U);
  EXPECT_EQ(written_[0], "KSampler: 5/10, 1.00 it/s, 00:05 left\n");
  EXPECT_THAT(written_[1], StartsWith("KSampler: 10/10, 1.00 it/s"));
}

TEST_F(Progress, ElsewhereTasksWithoutStepsAreSilent) {
  ProgressLine line = make(false);
  line.begin("Load Checkpoint");
  line.end();
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(Progress, SurvivesStrangeNumbers) {
  ProgressLine line = make(true);
  line.begin("x");
  line.update(5, 0);
  line.update(-3, 10);
  line.update(20, 10);
  EXPECT_THAT(written_.back(), HasSubstr("10/10"));
}

TEST(ClockText, ShowsHoursOnlyWhenThereAreSome) {
  EXPECT_EQ(clock_text(0.4), "00:00");
  EXPECT_EQ(clock_text(75), "01:15");
  EXPECT_EQ(clock_text(4000), "1:06:40");
  EXPECT_EQ(clock_text(1e300), "99:59:59");
}

}  // namespace
}  // namespace sagitta::cli
