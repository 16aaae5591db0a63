/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/fault.h"

int main(void)
{
    fault_from_env();
    return 1;
}
