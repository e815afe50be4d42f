/* SPDX-License-Identifier: ISC */
#include "cli.h"

int
main(int argc, char **argv)
{
	ipm_segment_guard();
	return cli_run(argc, argv, stdout, stderr);
}
