// SPDX-License-Identifier: GPL-2.0-only
/* The shortest failing modprobe. */
int main(void)
{
	return 1;
}
