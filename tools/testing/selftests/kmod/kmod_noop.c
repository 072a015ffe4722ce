// SPDX-License-Identifier: GPL-2.0-only
/* The cheapest modprobe that fails */
int main(void)
{
	return 1;
}
