// Uses the smallest room of dsquant: prints how many error codes there are.
#include <iostream>

#include "src/support/codes.h"

int main() { std::cout << dsq::all_codes().size() << "\n"; }
