// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// The suite's token: ERC-20 with permits (EIP-2612), 18 decimals, errors of ERC-6093. The supply is made once and given to one holder; nobody
/// can make more, and nobody can take or stop anything.
contract SdkToken is ERC20, ERC20Permit {
    constructor(string memory name_, string memory symbol_, address holder, uint256 supply) ERC20(name_, symbol_) ERC20Permit(name_) {
        _mint(holder, supply);
    }
}
