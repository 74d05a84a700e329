#include "input.h"

#include "check.h"

namespace {

ibd_engine_description Describe() {
  ibd_engine_description about = {};
  about.input_count = 2;
  about.inputs[0] = {"a", IBD_UINT8, 1, {3}, 3};
  about.inputs[1] = {"b", IBD_FLOAT32, 2, {1, 2}, 8};
  return about;
}

uint8_t received[2][16];

ibd_status Receive(ibd_engine*, size_t index, const void* data, ibd_failure*) {
  memcpy(received[index], data, index == 0 ? 3 : 8);
  return IBD_OK;
}

ibd_engine_family Receiver() {
  ibd_engine_family family = {};
  family.write_input = Receive;
  return family;
}

void AFileHasOneInferenceExactly(const char* folder) {
  ibd_engine_description about = Describe();
  ibd_failure failure;
  ibd::InputRecord input;
  CHECK_INT(input.Take(about, &failure), IBD_OK);
  const char* path = in_folder(folder, "input");
  write_file(path, "abcdefghijk");
  CHECK_INT(input.FillFromFile(path, &failure), IBD_OK);
  CHECK_INT(input.Give(Receiver(), nullptr, &failure), IBD_OK);
  CHECK(memcmp(received[0], "abc", 3) == 0);
  CHECK(memcmp(received[1], "defghijk", 8) == 0);
  write_file(path, "abcdefghijkl");
  CHECK_INT(input.FillFromFile(path, &failure), IBD_INPUT_UNREADABLE);
  CHECK(strstr(failure.message, "has 12 bytes; one inference takes 11") !=
        nullptr);
}

void ASeedGivesOneStreamOverAllInputs() {
  ibd_engine_description about = Describe();
  ibd_failure failure;
  ibd::InputRecord input;
  CHECK_INT(input.Take(about, &failure), IBD_OK);
  CHECK_INT(input.FillFromSeed(1234567, &failure), IBD_OK);
  CHECK_INT(input.Give(Receiver(), nullptr, &failure), IBD_OK);
  CHECK_INT(received[0][0], UINT64_C(6457827717110365317) >> 56);
  CHECK_INT(received[0][2], UINT64_C(9817491932198370423) >> 56);
  float fourth;
  memcpy(&fourth, received[1], sizeof fourth);
  CHECK(fourth ==
        static_cast<float>(UINT64_C(4593380528125082431) >> 40) / 16777216.0f);
}

void ADatasetIsWholeRecords(const char* folder) {
  ibd_engine_description about = Describe();
  ibd_failure failure;
  const char* path = in_folder(folder, "dataset");
  write_file(path, "abcdefghijkABCDEFGHIJK");
  {
    ibd::InputRecord input;
    CHECK_INT(input.Take(about, &failure), IBD_OK);
    CHECK_INT(input.OpenDataset(path, 2, &failure), IBD_OK);
    CHECK_INT(input.FillFromDataset(1, &failure), IBD_OK);
    CHECK_INT(input.Give(Receiver(), nullptr, &failure), IBD_OK);
    CHECK(memcmp(received[1], "DEFGHIJK", 8) == 0);
  }
  ibd::InputRecord second;
  CHECK_INT(second.Take(about, &failure), IBD_OK);
  CHECK_INT(second.OpenDataset(path, 3, &failure), IBD_INPUT_UNREADABLE);
  write_file(path, "abcdefghijkA");
  ibd::InputRecord third;
  CHECK_INT(third.Take(about, &failure), IBD_OK);
  CHECK_INT(third.OpenDataset(path, 1, &failure), IBD_INPUT_UNREADABLE);
}

}  // namespace

int main() {
  const char* folder = fresh_folder();
  AFileHasOneInferenceExactly(folder);
  ASeedGivesOneStreamOverAllInputs();
  ADatasetIsWholeRecords(folder);
  return 0;
}
